; SPDX-License-Identifier: GPL-3.0-or-later
; What Script-Fu suites use to say what they found; run-gimp.py reads it.
;
; (sam-check "name" TRUE-or-#t)            one assertion
; (sam-check-equal "name" actual expected)
; (sam-check-near "name" actual expected tolerance)
; (sam-check-error "name" "part of the message" expression)
;                                          the expression fails and says that
; (sam-source "data/samples/coffee.png")   a file of the source tree
; (sam-out "mask.png")                     a file in the suite's own folder

(define (sam-source name) (string-append sam-source-dir "/" name))
(define (sam-out name) (string-append sam-test-dir "/" name))

; newlines would break the line-wise protocol
(define (sam-one-line text)
  (list->string (map (lambda (c) (if (char=? c #\newline) #\space c)) (string->list text))))

(define (sam->string object)
  (let ((port (open-output-string)))
    (write object port)
    (sam-one-line (get-output-string port))))

(define (sam-remark text)
  (display (string-append "\n# " (sam-one-line text) "\n")))

(define (sam-check name ok)
  (display (string-append "\n" (if (or (eq? ok #f) (eqv? ok 0)) "not ok - " "ok - ")
                          (sam-one-line name) "\n")))

(define (sam-check-equal name actual expected)
  (if (not (equal? actual expected))
      (sam-remark (string-append "expected " (sam->string expected)
                                 ", have " (sam->string actual))))
  (sam-check name (equal? actual expected)))

(define (sam-check-near name actual expected tolerance)
  (let ((ok (<= (abs (- actual expected)) tolerance)))
    (if (not ok)
        (sam-remark (string-append "expected " (number->string expected) " within "
                                   (number->string tolerance) ", have "
                                   (number->string actual))))
    (sam-check name ok)))

; catch alone loses the message
(define sam-last-error "")
(set! *error-hook*
      (lambda x
        (set! sam-last-error (if (and (pair? x) (string? (car x))) (car x) (sam->string x)))
        (apply throw x)))

(define (sam-string-find text part)
  (let ((n (string-length text))
        (k (string-length part)))
    (let loop ((i 0))
      (cond ((> (+ i k) n) #f)
            ((string=? (substring text i (+ i k)) part) #t)
            (else (loop (+ i 1)))))))

(define (sam-check-message name part failed)
  (cond ((not failed)
         (sam-remark "it did not fail")
         (sam-check name #f))
        ((sam-string-find sam-last-error part)
         (sam-check name #t))
        (else
         (sam-remark (string-append "expected \"" part "\" in: " sam-last-error))
         (sam-check name #f))))

(macro (sam-check-error form)
  (let ((name (cadr form))
        (part (caddr form))
        (body (cdddr form)))
    `(begin
       (set! sam-last-error "")
       (sam-check-message ,name ,part
                          (eq? 'sam-failed (catch 'sam-failed ,@body))))))
