; SPDX-License-Identifier: GPL-3.0-or-later
; How long a call from a script takes, each in a process of its own as GIMP starts plug-ins: the first has to encode
; the picture, the others find that it has been.

(define (milliseconds)
  (let ((t (gettimeofday)))
    (+ (* 1000 (car t)) (/ (cadr t) 1000))))

(define (time-call image layer)
  (let ((begun (milliseconds)))
    (plug-in-segment-anything #:image image #:drawables (vector layer) #:prompt "box 76,8,482,390 ; 225,90 +")
    (- (milliseconds) begun)))

(define (median numbers)
  (list-ref (sort-numbers numbers) (quotient (length numbers) 2)))

(define (sort-numbers numbers)
  (define (insert x sorted)
    (if (or (null? sorted) (<= x (car sorted)))
        (cons x sorted)
        (cons (car sorted) (insert x (cdr sorted)))))
  (if (null? numbers)
      '()
      (insert (car numbers) (sort-numbers (cdr numbers)))))

(define (repeat n thunk)
  (if (= n 0)
      '()
      (let ((x (thunk)))
        (cons x (repeat (- n 1) thunk)))))

(define (whole x) (number->string (inexact->exact (round x))))

(define (time-calls width height n)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE (sam-source "data/samples/coffee.png"))))
         (layer (vector-ref (car (gimp-image-get-layers image)) 0))
         (first #f)
         (others #f))
    (gimp-image-undo-disable image)
    (gimp-image-scale image width height)
    (set! first (time-call image layer))
    (set! others (repeat n (lambda () (time-call image layer))))
    (sam-remark (string-append (whole width) " x " (whole height) ": " (whole first) " ms, again "
                               (whole (median others)) " ms"))
    (sam-check "something is selected" (eqv? TRUE (car (gimp-selection-bounds image))))
    (gimp-image-delete image)))

(time-calls 600 400 9)
(time-calls 6000 4000 5)
(time-calls 10000 10000 3)
