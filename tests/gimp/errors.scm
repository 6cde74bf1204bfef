; SPDX-License-Identifier: GPL-3.0-or-later
; What bad input gets: one sentence that says what to do, and an image that is exactly as it was. Script-Fu, as
; most scripts are.

(define image (car (gimp-file-load RUN-NONINTERACTIVE (sam-source "data/samples/coffee.png"))))
(define layer (vector-ref (car (gimp-image-get-layers image)) 0))

; a selection and a channel to lose
(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 10 20 30 40)
(gimp-selection-save image)
(gimp-image-set-selected-layers image (vector layer))

; All that scripts can see of the image; dirty counts undo steps.
(define (state)
  (list (gimp-selection-bounds image)
        (gimp-image-get-layers image) (gimp-image-get-channels image) (gimp-image-get-paths image)
        (gimp-image-get-selected-layers image) (gimp-image-get-selected-channels image)
        (gimp-layer-get-mask layer) (gimp-image-is-dirty image)
        (gimp-drawable-get-pixel layer 265 205)))

(gimp-image-clean-all image)
(define before (state))

; (refused "name" "part of the message" expression)
(macro (refused form)
  (let ((name (cadr form)) (part (caddr form)) (body (cdddr form)))
    `(begin
       (sam-check-error ,name ,part ,@body)
       (sam-check-equal (string-append ,name ": the image is as it was") (state) before))))

(define drawables (vector layer))
; --- the prompt --------------------------------------------------------------------------------------

(refused "no prompt" "There is no prompt"
  (plug-in-segment-anything #:run-mode RUN-NONINTERACTIVE #:image image #:drawables drawables))
(refused "a point outside the layer" "Point 1 (700, 10) is outside the layer, which extends from (0, 0) to (600, 400)"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(700 10)))
(refused "the second of three points outside" "Point 2 (-1, 20)"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(10 10 -1 20 30 30)))
(refused "a point of the prompt line outside" "Point 1 (120, 400.5)"
  (plug-in-segment-anything #:image image #:drawables drawables #:prompt "120,400.5 +"))
(refused "an odd number of coordinates" "odd number of values (3)"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(10 20 30)))
(refused "fewer labels than points" "1 labels for 2 points"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(10 20 30 40) #:labels #(1)))
(refused "labels without points" "2 labels for 0 points"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes #(10 20 30 40) #:labels #(1 0)))
(refused "a label that is none" "Label 1 is 7"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(10 20) #:labels #(7)))
(refused "not a number" "not a number"
  (plug-in-segment-anything #:image image #:drawables drawables #:points (vector (- (* 1e308 10) (* 1e308 10)) 5)))
(refused "infinity" "not a number"
  (plug-in-segment-anything #:image image #:drawables drawables #:points (vector (* 1e308 10) 5)))
(refused "an infinite box" "has a coordinate that is not a number"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes (vector 0 0 (* 1e308 10) 5)))
(refused "a coordinate beyond floats" "is outside the layer"
  (plug-in-segment-anything #:image image #:drawables drawables #:points (vector 1e300 5)))
(refused "10,000 points" "10000 points: give at most 1024"
  (plug-in-segment-anything #:image image #:drawables drawables #:points (make-vector 20000 5)))
(refused "1,000 boxes" "1000 boxes: give at most 64"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes (make-vector 4000 5)))
(refused "half a box" "“boxes” has 3 values"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes #(10 20 30)))
(refused "a box outside the layer" "Box 1 (700, 0, 800, 100) is outside"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes #(700 0 800 100)))
(refused "an empty box" "Box 1 is empty"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes #(10 10 10 50)))
(refused "only a point off the object" "prompt"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(10 20) #:labels #(0)))
(refused "a prompt line that is none" "The prompt cannot be used"
  (plug-in-segment-anything #:image image #:drawables drawables #:prompt "somewhere left"))
(refused "a candidate that is not there" "no candidate 3 for this prompt"
  (plug-in-segment-anything #:image image #:drawables drawables #:boxes #(100 50 420 330) #:candidate "3"))
(gimp-selection-none image)
(gimp-image-clean-all image)
(set! before (state))
(refused "a selection as prompt, but none is there" "roughly select the object first"
  (plug-in-segment-anything #:image image #:drawables drawables #:prompt-selection "mask"))
(refused "nothing to refine" "roughly select the object first"
  (plug-in-segment-anything-selection #:image image #:drawables drawables))
(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 10 20 30 40)
(gimp-image-clean-all image)
(set! before (state))

; --- which layer -------------------------------------------------------------------------------------

(define channel (vector-ref (car (gimp-image-get-channels image)) 0))
(refused "no layer" "No layer is selected"
  (plug-in-segment-anything #:image image #:drawables (vector) #:points #(10 20)))
(refused "a layer and a channel" "select just one"
  (plug-in-segment-anything #:image image #:drawables (vector layer channel) #:points #(10 20)))
(refused "a channel" "A channel cannot be segmented"
  (plug-in-segment-anything #:image image #:drawables (vector channel) #:points #(10 20)))
(refused "a mask for a channel" "A channel cannot have a mask"
  (plug-in-segment-anything #:image image #:drawables (vector channel) #:points #(10 20)
                            #:sample-merged TRUE #:output "layer-mask"))

(define tiny (car (gimp-layer-new image "tiny" 1 1 RGBA-IMAGE 100 LAYER-MODE-NORMAL)))
(gimp-image-insert-layer image tiny 0 0)
(define empty (car (gimp-layer-new image "empty" 50 40 RGBA-IMAGE 100 LAYER-MODE-NORMAL)))
(gimp-image-insert-layer image empty 0 0)
(gimp-image-clean-all image)
(set! before (state))
(refused "a layer of one pixel" "only 1 × 1 pixels"
  (plug-in-segment-anything #:image image #:drawables (vector tiny) #:points #(0.5 0.5)))
(refused "an empty layer" "The layer is empty"
  (plug-in-segment-anything #:image image #:drawables (vector empty) #:points #(10 20)))
(refused "a point beside a small layer" "which extends from (0, 0) to (50, 40)"
  (plug-in-segment-anything #:image image #:drawables (vector empty) #:points #(60 20)))

; --- locks -------------------------------------------------------------------------------------------

(gimp-item-set-lock-content layer TRUE)
(gimp-image-clean-all image)
(set! before (state))
(refused "a locked layer for a mask" "is locked: unlock its pixels"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205) #:output "layer-mask"))
(gimp-item-set-lock-content layer FALSE)

(define group (car (gimp-group-layer-new image "folder")))
(gimp-image-insert-layer image group 0 0)
(define inner (car (gimp-layer-copy layer)))
(gimp-image-insert-layer image inner group 0)
(gimp-item-set-lock-content group TRUE)
(gimp-image-clean-all image)
(set! before (state))
(refused "a layer in a locked group for a mask" "“folder” is locked"
  (plug-in-segment-anything #:image image #:drawables (vector inner) #:points #(265 205) #:output "layer-mask"))
(refused "a locked group for a mask" "“folder” is locked"
  (plug-in-segment-anything #:image image #:drawables (vector group) #:points #(265 205) #:output "layer-mask"))
(gimp-item-set-lock-content group FALSE)
(gimp-item-set-lock-content inner TRUE)
(gimp-image-clean-all image)
(set! before (state))
(refused "a group around a locked layer for a mask" "is locked"
  (plug-in-segment-anything #:image image #:drawables (vector group) #:points #(265 205) #:output "layer-mask"))
(gimp-item-set-lock-content inner FALSE)

(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 10 20 30 40)
(gimp-image-set-selected-layers image drawables)
(gimp-edit-copy drawables)
(define floating (vector-ref (car (gimp-edit-paste layer FALSE)) 0))
(sam-check "there is a floating selection" (= floating (car (gimp-image-get-floating-sel image))))
(gimp-image-clean-all image)
(set! before (state))
(refused "a floating selection in the image" "anchor it first"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205)))
(refused "the floating selection itself" "anchor it first"
  (plug-in-segment-anything #:image image #:drawables (vector floating) #:points #(6 7)))
(gimp-floating-sel-remove floating)

; --- the object --------------------------------------------------------------------------------------

(gimp-image-clean-all image)
(set! before (state))
(refused "nothing left of the object" "No object was found there"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205) #:min-area 1e9))

; --- models ------------------------------------------------------------------------------------------

(refused "an unknown model" "The model cannot be used"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205) #:model "no-such-model"))
(refused "a model file that is not there" "does not exist"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205) #:model "/no/such/file.pth"))
(refused "a picture for a model" "model"
  (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205)
                            #:model (sam-source "data/samples/coffee.png")))

; --- and it still works ------------------------------------------------------------------------------

(sam-check "after all that a good call works"
  (< 0 (cadr (plug-in-segment-anything #:image image #:drawables drawables #:points #(265 205)))))
(sam-check "and leaves one undo step at least" (eqv? TRUE (car (gimp-image-is-dirty image))))
(gimp-image-delete image)
