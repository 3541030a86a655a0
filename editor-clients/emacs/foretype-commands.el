;;; foretype-commands.el --- What is asked of Foretype  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Why something is offered, forgetting, training, statistics, and the servers themselves.

;;; Code:

(require 'foretype)

(defun foretype--percent (probability)
  "PROBABILITY, as people read it."
  (format (if (< probability 0.1) "%.1f %%" "%.0f %%") (* 100 probability)))

;;;###autoload
(defun foretype-status ()
  "Say what is loaded, and what was taken."
  (interactive)
  (foretype--execute
   "foretype.status" nil
   (lambda (status)
     (let ((accepted (plist-get status :accepted)))
       (foretype--say "%s%s, model %s, %s; taken: %d offers, %d characters%s"
                      (plist-get status :version) (if (eq (plist-get status :loading) t) " (still loading)" "")
                      (plist-get status :model) (mapconcat #'identity (plist-get status :predictors) " and ")
                      (+ (plist-get accepted :ghost) (plist-get accepted :word) (plist-get accepted :character))
                      (plist-get accepted :characters)
                      (mapconcat (lambda (problem) (concat "\nproblem: " problem)) (plist-get status :problems) ""))))))

;;;###autoload
(defun foretype-explain ()
  "Show why something is offered at point, and where it has stood."
  (interactive)
  (foretype--execute
   "foretype.explain" `((:uri ,foretype--uri :position ,(foretype--position (point))))
   (lambda (result)
     (if (null result)
         (foretype--say "nothing is offered here")
       (with-help-window "*Foretype*" (princ (foretype--explanation result)))))))

(defun foretype--explanation (result)
  "What foretype.explain has answered, RESULT, as text."
  (concat
   (format "%S  %s\n" (plist-get result :text) (foretype--percent (plist-get result :probability)))
   (cl-loop for (name share) on (plist-get result :shares) by #'cddr
            concat (format "  %s: %s of it\n" (substring (symbol-name name) 1) (foretype--percent share)))
   (mapconcat (lambda (source) (format "  %s: %s\n" (plist-get source :where)
                                       (string-clean-whitespace (plist-get source :excerpt))))
              (plist-get result :sources) "")
   (mapconcat (lambda (other)
                (if (equal (plist-get other :text) (plist-get result :text)) ""
                  (format "or %S  %s\n" (plist-get other :text) (foretype--percent (plist-get other :probability)))))
              (plist-get result :candidates) "")))

;;;###autoload
(defun foretype-forget (what)
  "Take WHAT, a file, a folder or a word, out of what was learnt, for good."
  (interactive (list (read-string (format-prompt "Forget the word, file or folder" (thing-at-point 'word t)) nil nil
                                  (thing-at-point 'word t))))
  (when (or (null what) (string-blank-p what)) (user-error "Name a word, a file or a folder"))
  (let* ((path (expand-file-name what))
         (argument (if (file-exists-p path) `(:path ,path) `(:word ,what))))
    (when (or (not (called-interactively-p 'any)) (yes-or-no-p (format "Forget %s for good? " (cadr argument))))
      (foretype--execute
       "foretype.forget" (list argument)
       (lambda (result)
         (foretype--say "%s is forgotten: %d files, %d bytes, %d occurrences" (cadr argument)
                        (length (plist-get result :files)) (plist-get result :bytes)
                        (plist-get result :occurrences)))))))

;;;###autoload
(defun foretype-train (&optional folder)
  "Train a model on this buffer's project; with a prefix argument, on a FOLDER."
  (interactive (list (and current-prefix-arg (read-directory-name "Train on: "))))
  (foretype--execute "foretype.train" (and folder `((:paths [,(expand-file-name folder)])))
                     (lambda (_) (foretype--say "a training has begun; M-x foretype-cancel-training ends it"))))

;;;###autoload
(defun foretype-cancel-training ()
  "End the training where it is; what was learnt is kept."
  (interactive)
  (unless foretype--training (user-error "No training is under way"))
  (foretype--notify (nth 0 foretype--training) :window/workDoneProgress/cancel
                    `(:token ,(nth 1 foretype--training))))

;;;###autoload
(defun foretype-statistics ()
  "Show the keys saved so far."
  (interactive)
  (with-help-window "*Foretype*"
    (with-current-buffer standard-output
      (let ((process-environment (cons "COLUMNS=79" process-environment)))
        (call-process foretype-program nil t nil "stats")))))

;;;###autoload
(defun foretype-log ()
  "Show what the servers have written on their standard error."
  (interactive)
  (pop-to-buffer (get-buffer-create " *foretype log*")))

;;;###autoload
(defun foretype-restart ()
  "Start the servers again, with the settings of now."
  (interactive)
  (let ((served (seq-filter (lambda (buffer) (or (buffer-local-value 'foretype--server buffer)
                                                 (buffer-local-value 'foretype-mode buffer)))
                            (buffer-list)))
        (here (current-buffer)))
    (dolist (buffer served) (with-current-buffer buffer (foretype-mode -1)))
    (foretype--stop-all)
    (dolist (buffer (if (memq here served) served (cons here served)))
      (with-current-buffer buffer
        (when (derived-mode-p 'text-mode 'prog-mode 'conf-mode) (foretype-mode 1))))))

(provide 'foretype-commands)
;;; foretype-commands.el ends here
