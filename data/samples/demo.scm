; SPDX-License-Identifier: GPL-3.0-or-later
; From a click to a selection, without a window: `./bootstrap demo` runs this.
;
; Loads a photo, lets Segment Anything select the cup with its saucer (a box
; around them, a point in the cup, three on the saucer, one on their shadow), and
; writes what came of it as three pictures:
;
;   selection.png   white where selected
;   cutout.png      the object alone, the rest transparent
;   overlay.png     the photo with the object tinted

; each picture is drawn on a copy, which has the selection too
(define (demo-save image name)
  (gimp-file-save RUN-NONINTERACTIVE image name)
  (gimp-image-delete image))

; a new layer on top, filled with COLOUR, inside the selection only if it is kept
(define (demo-cover image colour opacity keep-selection)
  (let ((layer (car (gimp-layer-new image "cover"
                                    (car (gimp-image-get-width image))
                                    (car (gimp-image-get-height image))
                                    RGBA-IMAGE opacity LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer image layer 0 -1)
    (gimp-context-push)
    (gimp-context-set-foreground colour)
    (if (= keep-selection FALSE)
        (gimp-drawable-fill layer FILL-FOREGROUND)
        (gimp-drawable-edit-fill layer FILL-FOREGROUND))
    (gimp-context-pop)))

(define (demo-selection image name)
  (demo-cover image '(0 0 0) 100 FALSE)
  (demo-cover image '(255 255 255) 100 TRUE)
  (gimp-selection-none image)
  (gimp-image-flatten image)
  (gimp-image-convert-grayscale image)
  (demo-save image name))

(define (demo-overlay image name)
  (demo-cover image '(40 140 255) 55 TRUE)
  (gimp-selection-none image)
  (gimp-image-flatten image)
  (demo-save image name))

(define (demo-cutout image name)
  (let ((layer (vector-ref (car (gimp-image-get-layers image)) 0)))
    (gimp-layer-add-alpha layer)
    (gimp-selection-invert image)
    (gimp-drawable-edit-clear layer)
    (gimp-selection-none image)
    (demo-save image name)))

(define (segment-anything-demo photo folder)
  (let* ((image  (car (gimp-file-load RUN-NONINTERACTIVE photo)))
         (layer  (vector-ref (car (gimp-image-get-layers image)) 0))
         (result (plug-in-segment-anything #:run-mode  RUN-NONINTERACTIVE
                                           #:image     image
                                           #:drawables (vector layer)
                                           #:prompt    "box 76,8,482,390 ; 225,90 + ; 130,250 + ; 300,360 + ; 460,230 + ; 120,370 -"
                                           #:output    "selection"
                                           #:fill-holes 2000
                                           #:min-area   2000))
         (port   #f))
    (demo-selection (car (gimp-image-duplicate image)) (string-append folder "/selection.png"))
    (demo-cutout    (car (gimp-image-duplicate image)) (string-append folder "/cutout.png"))
    (demo-overlay   (car (gimp-image-duplicate image)) (string-append folder "/overlay.png"))
    (gimp-image-delete image)
    (set! port (open-output-file (string-append folder "/result.txt")))
    (display (string-append "score: " (number->string (car result))
                            " (predicted IoU), "
                            (number->string (cadr result)) " pixels selected")
             port)
    (newline port)
    (close-output-port port)))
