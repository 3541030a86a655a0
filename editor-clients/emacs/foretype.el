;;; foretype.el --- Ghost text and next words, computed on your machine  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;; Author: The Foretype authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, abbrev

;;; Commentary:

;; Foretype completes what you type, from a small network and an index of your own text, on your own machine:
;; with ghost text after point, and by `completion-at-point'.
;;
;; M-x global-foretype-mode has it in every buffer of text and code.  While ghost text is shown, TAB takes it, M-f
;; takes a word of it, C-e a line, and C-g hides it.

;;; Code:

(require 'foretype-server)

(defcustom foretype-delay 0.02
  "Seconds without a key after which ghost text is asked for."
  :type 'number
  :group 'foretype)

(defface foretype-ghost '((t :inherit shadow))
  "How ghost text looks."
  :group 'foretype)

(defvar foretype-mode)
(defvar-local foretype--ghost nil "The overlay of the ghost text; nil where none is shown.")
(defvar-local foretype--typed nil "Whether the command under way has changed this buffer.")
(defvar foretype--asked 0 "How often ghost text was asked for.")
(defvar foretype--timer nil "The timer that will ask for ghost text.")

;;;; Ghost text

(defvar-keymap foretype-ghost-mode-map
  :doc "Keys while ghost text is shown."
  "TAB" #'foretype-accept
  "<tab>" #'foretype-accept
  "<remap> <forward-word>" #'foretype-accept-word
  "<remap> <right-word>" #'foretype-accept-word
  "<remap> <move-end-of-line>" #'foretype-accept-line
  "<remap> <keyboard-quit>" #'foretype-dismiss)

(define-minor-mode foretype-ghost-mode
  "Is on by itself while ghost text is shown."
  :interactive nil)

(defun foretype--show (text command)
  "Show TEXT after point; COMMAND counts it where it is taken."
  (foretype--hide)
  (let ((shown (propertize (concat (and (string-prefix-p "\n" text) " ") text)
                           'face 'foretype-ghost)))
    ;; The cursor stands before it, which it does at no end of a line.
    (put-text-property 0 1 'cursor 1 shown)
    (setq foretype--ghost (make-overlay (point) (point) nil t nil))
    (overlay-put foretype--ghost 'after-string shown)
    (overlay-put foretype--ghost 'foretype-text text)
    (overlay-put foretype--ghost 'foretype-command command)
    (foretype-ghost-mode 1)))

(defun foretype--hide ()
  "Show no ghost text."
  (when foretype--ghost
    (delete-overlay foretype--ghost)
    (setq foretype--ghost nil)
    (foretype-ghost-mode -1)))

(defun foretype--keep ()
  "Keep what is left of the ghost text after typing along it; else hide it."
  (let* ((start (overlay-start foretype--ghost))
         (text (overlay-get foretype--ghost 'foretype-text))
         (typed (if (and start (>= (point) start)) (buffer-substring-no-properties start (point)) text)))
    (cond ((string-empty-p typed) (when foretype--typed (foretype--hide)))
          ((and (string-prefix-p typed text) (length< typed (length text)))
           (foretype--show (substring text (length typed)) (overlay-get foretype--ghost 'foretype-command)))
          (t (foretype--hide)))))

(defun foretype--note-typing (&rest _)
  "Note that the buffer has changed."
  (setq foretype--typed t))

(defun foretype--post-command ()
  "Keep what is shown up with the last command, and ask for more after a change."
  (when foretype--ghost (foretype--keep))
  (when foretype--typed
    (setq foretype--typed nil)
    (foretype--ask-soon)))

(defun foretype--ask-soon ()
  "Ask for ghost text once no key has come for a while."
  (when (timerp foretype--timer) (cancel-timer foretype--timer))
  (setq foretype--timer (run-with-idle-timer foretype-delay nil #'foretype--ask-for-ghost (current-buffer))))

(defun foretype--may-show (buffer)
  "Whether ghost text may be shown in BUFFER."
  (and (buffer-live-p buffer)
       (eq buffer (window-buffer (selected-window)))
       (with-current-buffer buffer
         (and foretype-mode (not buffer-read-only) (not (use-region-p))
              (not completion-in-region-mode) (not (bound-and-true-p company-candidates))))))

(defun foretype--ask-for-ghost (buffer)
  "Ask for ghost text at point in BUFFER."
  (when (foretype--may-show buffer)
    (with-current-buffer buffer
      (let ((tick (buffer-chars-modified-tick)) (place (point)) (asked (cl-incf foretype--asked)))
        (foretype--ask
         :textDocument/inlineCompletion `(,@(foretype--here) :context (:triggerKind 2))
         (lambda (result)
           (when (foretype--may-show buffer)
             (with-current-buffer buffer
               ;; What a later request has overtaken is answered too: with nothing.
               (when (and (= asked foretype--asked) (= tick (buffer-chars-modified-tick)) (= place (point)))
                 (let ((items (plist-get result :items)))
                   (if (seq-empty-p items)
                       (foretype--hide)
                     (foretype--show (plist-get (elt items 0) :insertText) (plist-get (elt items 0) :command)))))))))))))

(defun foretype--count (command taken)
  "Tell the server that TAKEN was taken of what came with COMMAND."
  (let ((argument (elt (plist-get command :arguments) 0)))
    (foretype--execute (plist-get command :command)
                       (list (plist-put (copy-sequence argument) :characters (length taken))))))

(defun foretype--take (regexp)
  "Insert the part of the ghost text that REGEXP matches at its start."
  (let ((text (and foretype--ghost (overlay-get foretype--ghost 'foretype-text))))
    (unless (and text (string-match regexp text))
      (user-error "There is no ghost text here"))
    (let ((taken (match-string 0 text)) (command (overlay-get foretype--ghost 'foretype-command)))
      (foretype--hide)
      (undo-boundary)
      (insert taken)
      (foretype--count command taken)
      (unless (length= taken (length text))
        (foretype--show (substring text (length taken)) command)
        (setq foretype--typed nil))
      (foretype--ask-soon))))

(defun foretype-accept ()
  "Take all of the ghost text."
  (interactive)
  (foretype--take "\\`\\(?:.\\|\n\\)+"))

(defun foretype-accept-word ()
  "Take the next word of the ghost text."
  (interactive)
  (foretype--take "\\`[[:space:]\n]*\\(?:[[:word:]]+\\|[^[:word:][:space:]\n]*\\)"))

(defun foretype-accept-line ()
  "Take the next line of the ghost text."
  (interactive)
  (foretype--take "\\`\n?[^\n]*"))

(defun foretype-dismiss ()
  "Hide the ghost text until something else is typed."
  (interactive)
  (foretype--hide))

;;;; Completion at point

(defun foretype-completion-at-point ()
  "Next words and phrases, for `completion-at-point-functions'."
  (when-let* (((foretype--can-ask))
              (items (progn (foretype--flush)
                            (plist-get (ignore-errors
                                         (jsonrpc-request foretype--server :textDocument/completion (foretype--here)
                                                          :timeout foretype--patience :cancel-on-input t))
                                       :items)))
              ((not (seq-empty-p items)))
              (by-text (mapcar (lambda (item) (cons (plist-get (plist-get item :textEdit) :newText) item)) items)))
    (list (foretype--place (plist-get (plist-get (plist-get (elt items 0) :textEdit) :range) :start))
          (point)
          (lambda (string predicate action)
            (if (eq action 'metadata)
                ;; They come in the order of what they save.
                '(metadata (category . foretype) (display-sort-function . identity) (cycle-sort-function . identity))
              (complete-with-action action by-text string predicate)))
          :exclusive 'no
          :annotation-function (lambda (text) (foretype--annotation (cdr (assoc text by-text))))
          :exit-function (lambda (text status)
                           (when-let* ((item (and (not (eq status 'sole)) (cdr (assoc text by-text))))
                                       (command (plist-get item :command)))
                             (foretype--execute (plist-get command :command) (plist-get command :arguments)))))))

(defun foretype--annotation (item)
  "How probable ITEM is."
  (when-let* ((told (plist-get (plist-get item :data) :probability)))
    (format " %.0f %%" (* 100 (string-to-number told)))))

;;;; The modes

(defun foretype--lighter ()
  "The text for the mode line."
  (cond (foretype--trouble " Foretype!")
        (foretype--training (format " Foretype[%s%%%%]" (nth 2 foretype--training)))
        (t " Foretype")))

;;;###autoload
(define-minor-mode foretype-mode
  "Show ghost text in this buffer, and offer next words by `completion-at-point'.
\\<foretype-ghost-mode-map>While ghost text is shown, \\[foretype-accept] takes it, \\[foretype-accept-word] takes a word
of it, \\[foretype-accept-line] a line, and \\[foretype-dismiss] hides it."
  :lighter (:eval (foretype--lighter))
  (if (and foretype-mode (foretype--open))
      (progn
        (add-hook 'after-change-functions #'foretype--note-typing nil t)
        (add-hook 'post-command-hook #'foretype--post-command nil t)
        ;; In code after what knows types, in text before Ispell.
        (add-hook 'completion-at-point-functions #'foretype-completion-at-point
                  (if (derived-mode-p 'text-mode) -50 50) t)
        (add-hook 'change-major-mode-hook #'foretype--leave nil t)
        (add-hook 'after-set-visited-file-name-hook #'foretype--reopen nil t))
    (setq foretype-mode nil)
    (foretype--leave)))

(defun foretype--leave ()
  "Undo what `foretype-mode' has done in this buffer."
  (foretype--hide)
  (foretype--close)
  (remove-hook 'after-change-functions #'foretype--note-typing t)
  (remove-hook 'post-command-hook #'foretype--post-command t)
  (remove-hook 'completion-at-point-functions #'foretype-completion-at-point t)
  (remove-hook 'change-major-mode-hook #'foretype--leave t)
  (remove-hook 'after-set-visited-file-name-hook #'foretype--reopen t))

(defun foretype--reopen ()
  "Have this buffer served under its name of now."
  (foretype-mode -1)
  (foretype-mode 1))

(defun foretype--turn-on ()
  "Turn `foretype-mode' on where somebody may write."
  (unless (or (minibufferp) noninteractive (string-prefix-p " " (buffer-name))
              (and buffer-file-name (file-remote-p buffer-file-name)))
    (foretype-mode 1)))

;;;###autoload
(define-globalized-minor-mode global-foretype-mode foretype-mode foretype--turn-on
  :predicate '(text-mode prog-mode conf-mode)
  :group 'foretype)

(defun foretype--on-ready-again ()
  "Ask for what was typed while the server was starting."
  (let ((buffer (window-buffer (selected-window))))
    (when (buffer-local-value 'foretype--server buffer)
      (foretype--ask-for-ghost buffer))))

(add-hook 'foretype-ready-hook #'foretype--on-ready-again)
(add-hook 'kill-emacs-hook #'foretype--stop-all)

(provide 'foretype)
;;; foretype.el ends here
