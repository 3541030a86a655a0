;;; foretype-commands.el --- The commands of Foretype  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Status, explaining, forgetting, training, statistics, the log and restarting.

;;; Code:

(require 'foretype)

;;;###autoload
(defun foretype-status ()
  "Show the model, the predictors and the number of accepted suggestions."
  (interactive)
  (foretype--execute
   "foretype.status" nil
   (lambda (status)
     (let ((accepted (plist-get status :accepted)))
       (foretype--message "%s%s, model %s, %s; suggestions accepted: %d (%d characters)%s"
                      (plist-get status :version) (if (eq (plist-get status :loading) t) " (still loading)" "")
                      (plist-get status :model) (mapconcat #'identity (plist-get status :predictors) " and ")
                      (+ (plist-get accepted :ghost) (plist-get accepted :word) (plist-get accepted :character))
                      (plist-get accepted :characters)
                      (mapconcat (lambda (problem) (concat "\nproblem: " problem)) (plist-get status :problems) ""))))))

;;;###autoload
(defun foretype-explain ()
  "Show the probability, the predictors and the sources of the suggestion at point."
  (interactive)
  (foretype--execute
   "foretype.explain" `((:uri ,foretype--uri :position ,(foretype--to-position (point))))
   (lambda (result)
     (if (null result)
         (foretype--message "no suggestion here")
       (with-help-window "*Foretype*" (princ (foretype--format-explanation result)))))))

(defun foretype--quoted (text)
  "Return TEXT in quotes, on one line."
  (concat "\"" (string-replace "\n" "↵" text) "\""))

(defun foretype--format-explanation (result)
  "Format RESULT, the result of foretype.explain."
  (concat
   (format "%s  %s\n" (foretype--quoted (plist-get result :text)) (foretype--percent (plist-get result :probability)))
   (cl-loop for (name share) in (sort (seq-partition (plist-get result :shares) 2) :key #'cadr :reverse t)
            concat (format "  %s: %s of it\n" (substring (symbol-name name) 1) (foretype--percent share)))
   (mapconcat (lambda (source) (format "  %s: %s\n" (plist-get source :where)
                                       (string-clean-whitespace (plist-get source :excerpt))))
              (plist-get result :sources) "")
   (mapconcat (lambda (other)
                (if (equal (plist-get other :text) (plist-get result :text)) ""
                  (format "or %s  %s\n" (foretype--quoted (plist-get other :text))
                          (foretype--percent (plist-get other :probability)))))
              (plist-get result :candidates) "")))

;;;###autoload
(defun foretype-forget (target)
  "Forget TARGET, a file, a folder or a word, for good."
  (interactive (list (read-string (format-prompt "Forget the word, file or folder" (thing-at-point 'word t)) nil nil
                                  (thing-at-point 'word t))))
  (when (or (null target) (string-blank-p target)) (user-error "Name a word, a file or a folder"))
  (let* ((path (expand-file-name target))
         (argument (if (file-exists-p path) `(:path ,path) `(:word ,target))))
    (when (or (not (called-interactively-p 'any)) (yes-or-no-p (format "Forget %s for good? " (cadr argument))))
      (foretype--execute
       "foretype.forget" (list argument)
       (lambda (result)
         (foretype--message "%s is forgotten: %d files, %d bytes, %d occurrences" (cadr argument)
                        (length (plist-get result :files)) (plist-get result :bytes)
                        (plist-get result :occurrences)))))))

;;;###autoload
(defun foretype-train (&optional folder)
  "Train a model on this buffer's project; with a prefix argument, on a FOLDER."
  (interactive (list (and current-prefix-arg (read-directory-name "Train on: "))))
  (foretype--execute "foretype.train" (and folder `((:paths [,(expand-file-name folder)])))
                     (lambda (_) (foretype--message "training has started; M-x foretype-cancel-training stops it"))))

;;;###autoload
(defun foretype-cancel-training ()
  "Cancel the training, and keep the model trained so far."
  (interactive)
  (unless foretype--training (user-error "No training is in progress"))
  (foretype--notify (nth 0 foretype--training) :window/workDoneProgress/cancel
                    `(:token ,(nth 1 foretype--training))))

;;;###autoload
(defun foretype-statistics ()
  "Show the number of keys saved."
  (interactive)
  (with-help-window "*Foretype*"
    (with-current-buffer standard-output
      (let ((process-environment (cons "COLUMNS=79" process-environment)))
        (call-process foretype-program nil t nil "stats")))))

;;;###autoload
(defun foretype-log ()
  "Show the standard error of the servers."
  (interactive)
  (pop-to-buffer (get-buffer-create " *foretype log*")))

;;;###autoload
(defun foretype-restart ()
  "Restart the servers with the current settings."
  (interactive)
  (let ((attached (seq-filter (lambda (buffer) (or (buffer-local-value 'foretype--server buffer)
                                                   (buffer-local-value 'foretype-mode buffer)))
                              (buffer-list)))
        (here (current-buffer)))
    (dolist (buffer attached) (with-current-buffer buffer (foretype-mode -1)))
    (foretype--stop-all)
    (dolist (buffer (if (memq here attached) attached (cons here attached)))
      (with-current-buffer buffer
        (when (derived-mode-p 'text-mode 'prog-mode 'conf-mode) (foretype-mode 1))))))

(provide 'foretype-commands)
;;; foretype-commands.el ends here
