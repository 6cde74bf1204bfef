; SPDX-License-Identifier: GPL-3.0-or-later
; How scripts call the procedures, and that the sample script for Script-Fu does what it says.

(define image (car (gimp-file-load RUN-NONINTERACTIVE (sam-source "data/samples/coffee.png"))))
(define layer (vector-ref (car (gimp-image-get-layers image)) 0))
(define drawables (vector layer))
(define box #(165 10 415 312))
(define (bounds) (cdr (gimp-selection-bounds image)))
(define (value x y) (car (gimp-selection-value image x y)))

; --- results --------------------------------------------------------------------------------------------

(define result (plug-in-segment-anything #:run-mode RUN-NONINTERACTIVE #:image image #:drawables drawables
                                         #:boxes box))
(sam-check-equal "three results" (length result) 3)
(sam-check "a score" (and (> (car result) 0.1) (<= (car result) 1.1)))
(sam-check "a number of pixels" (> (cadr result) 1000))
(sam-check-equal "no item for a selection" (caddr result) -1)
(sam-check "something is selected" (eqv? TRUE (car (gimp-selection-bounds image))))
(sam-check "not the corner" (= 0 (value 2 2)))

(define (item-of output)
  (caddr (plug-in-segment-anything #:image image #:drawables drawables #:boxes box #:output output)))
(sam-check "a channel" (eqv? TRUE (car (gimp-item-id-is-channel (item-of "channel")))))
(sam-check "a layer mask" (eqv? TRUE (car (gimp-item-id-is-layer-mask (item-of "layer-mask")))))
(sam-check "a new layer" (eqv? TRUE (car (gimp-item-id-is-layer (item-of "new-layer")))))
(sam-check "a path" (eqv? TRUE (car (gimp-item-id-is-path (item-of "path")))))
(gimp-layer-remove-mask layer MASK-DISCARD)

; --- the same prompt said in other ways -------------------------------------------------------------------

(define first-bounds (begin (plug-in-segment-anything #:image image #:drawables drawables #:boxes box) (bounds)))
(plug-in-segment-anything #:image image #:drawables drawables #:prompt "box 165,10,415,312")
(sam-check-equal "the prompt line is the same" (bounds) first-bounds)
(plug-in-segment-anything #:image image #:drawables drawables #:prompt " box 165 , 10,415.0,312 ; ")
(sam-check-equal "with blanks and decimal points too" (bounds) first-bounds)

; several points, in whatever order: those on the object come first
(define several (cadr (plug-in-segment-anything #:image image #:drawables drawables
                                                #:points #(40 360  265 205  300 150) #:labels #(0 1 1))))
(define several-bounds (bounds))
(sam-check-equal "several points in one line"
                 (cadr (plug-in-segment-anything #:image image #:drawables drawables
                                                 #:prompt "265,205 + ; 300,150 + ; 40,360 -"))
                 several)
(sam-check-equal "several points in one line: the same place" (bounds) several-bounds)

; every choice has the name that is documented
(map (lambda (operation)
       (plug-in-segment-anything #:image image #:drawables drawables #:boxes box #:operation operation)
       (sam-check (string-append "operation " operation) #t))
     (list "replace" "add" "subtract" "intersect"))
(gimp-selection-none image)
(plug-in-segment-anything #:image image #:drawables drawables #:boxes box #:edge "hard" #:grow 2.0 #:feather 3.0
                          #:fill-holes 100.0 #:min-area 50.0 #:candidate "best" #:sample-merged TRUE
                          #:prompt-selection "none" #:model "builtin" #:labels #())
(sam-check "all arguments at once" (eqv? TRUE (car (gimp-selection-bounds image))))

; --- the last values hold no prompt -----------------------------------------------------------------------

(sam-check-error "with the last values there is no prompt" "There is no prompt"
  (plug-in-segment-anything #:run-mode RUN-WITH-LAST-VALS #:image image #:drawables drawables))
(sam-check-error "no display for a window" "There is no display"
  (plug-in-segment-anything #:run-mode RUN-INTERACTIVE #:image image #:drawables drawables))
(sam-check-error "no window to give a selection to" "The Segment Anything window is not open"
  (plug-in-segment-anything-use-selection #:run-mode RUN-NONINTERACTIVE #:image image #:drawables drawables))

; --- the companion ----------------------------------------------------------------------------------------

(gimp-image-select-ellipse image CHANNEL-OP-REPLACE 180 15 230 290)
(define refined (plug-in-segment-anything-selection #:run-mode RUN-NONINTERACTIVE #:image image
                                                    #:drawables drawables))
(sam-check "refining a selection" (> (cadr refined) 1000))

; --- the sample script ------------------------------------------------------------------------------------

(gimp-selection-none image)
(define copy (sam-out "coffee.png"))
(gimp-file-save RUN-NONINTERACTIVE image copy)
(load (sam-source "data/scripts/batch.scm"))
(define score (cut-out copy "box 165,10,415,312"))
(sam-check "batch.scm: a score" (> score 0.1))
(define cut (car (gimp-file-load RUN-NONINTERACTIVE (string-append copy ".cutout.png"))))
(define cut-layer (vector-ref (car (gimp-image-get-layers cut)) 0))
(sam-check "batch.scm: has alpha" (eqv? TRUE (car (gimp-drawable-has-alpha cut-layer))))
(sam-check "batch.scm: is as small as the object" (< (car (gimp-image-get-width cut)) 600))
(gimp-image-delete cut)
(gimp-image-delete image)
