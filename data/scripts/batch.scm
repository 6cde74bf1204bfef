; SPDX-License-Identifier: GPL-3.0-or-later
; Cut the same object out of many pictures, without a window:
;
;   gimp-console --no-interface --batch-interpreter=plug-in-script-fu-eval --quit \
;     -b '(load "batch.scm")' -b '(cut-out-all "photos/*.jpg" "box 10,20,600,400")'
;
; Beside each picture NAME.EXT appears NAME.EXT.cutout.png, the object on a transparent ground.
; The prompt is one line: points "120,80 +" (on the object) and "300,90 -" (off it) and boxes
; "box X0,Y0,X1,Y1" in pixels of the picture, separated by ";".

(define (cut-out file prompt)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE file)))
         (layer (vector-ref (car (gimp-image-get-layers image)) 0))
         (result (plug-in-segment-anything #:run-mode RUN-NONINTERACTIVE
                                           #:image image #:drawables (vector layer)
                                           #:prompt prompt
                                           #:output "new-layer"))
         (score (car result))
         (pixels (cadr result))
         (cut (caddr result)))
    ; the source is below: without it only the object is seen
    (gimp-item-set-visible layer FALSE)
    (crop-to-layer image cut)
    (gimp-file-save RUN-NONINTERACTIVE image (string-append file ".cutout.png"))
    (gimp-image-delete image)
    (display (string-append file ": score " (number->string score)
                            ", " (number->string pixels) " pixels\n"))
    score))

; As small as the object: the other layers go with it.
(define (crop-to-layer image layer)
  (gimp-image-set-selected-layers image (vector layer))
  (gimp-image-autocrop-selected-layers image layer)
  (let* ((offsets (gimp-drawable-get-offsets layer))
         (x (car offsets)) (y (cadr offsets)))
    (gimp-image-crop image (car (gimp-drawable-get-width layer))
                     (car (gimp-drawable-get-height layer)) (max x 0) (max y 0))))

(define (cut-out-all pattern prompt)
  (map (lambda (file) (cut-out file prompt))
       (car (file-glob #:pattern pattern #:filename-encoding TRUE))))
