;;; foretype.el --- Ghost text and next words, computed on your machine  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;; Author: The Foretype authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, abbrev

;;; Commentary:

;; Foretype predicts your next words from a small network and an index of your own text, on your own machine.  It shows
;; them as ghost text after point and by `completion-at-point'.
;;
;; M-x global-foretype-mode enables it in all buffers of text and code.  While ghost text is shown, TAB accepts it, M-f
;; accepts a word of it, C-e a line, and C-g hides it.

;;; Code:

(require 'foretype-server)

(defcustom foretype-delay 0.02
  "Idle seconds after which ghost text is requested."
  :type 'number
  :group 'foretype)

(defface foretype-ghost '((t :inherit shadow))
  "Face of ghost text."
  :group 'foretype)

(defvar foretype-mode)
(defvar quail-overlay)
(defvar-local foretype--ghost nil "The overlay of the ghost text; nil if none is shown.")
(defvar-local foretype--changed nil "Non-nil if the current command has changed this buffer.")
(defvar-local foretype--smart-space nil "A marker after the space of accepted text, or nil.")
(defvar foretype--newest-request 0 "The number of the newest request.")
(defvar foretype--timer nil "The timer of the next request.")

;;;; Ghost text

(defvar-keymap foretype-ghost-mode-map
  :doc "Keymap that is active while ghost text is shown."
  "TAB" #'foretype-accept
  "<tab>" #'foretype-accept
  "<remap> <forward-word>" #'foretype-accept-word
  "<remap> <right-word>" #'foretype-accept-word
  "<remap> <move-end-of-line>" #'foretype-accept-line
  "M-n" #'foretype-next-alternative
  "M-p" #'foretype-previous-alternative
  "<remap> <keyboard-quit>" #'foretype-dismiss)

(define-minor-mode foretype-ghost-mode
  "Minor mode that is enabled automatically while ghost text is shown."
  :interactive nil)

(defun foretype--show (text command)
  "Show TEXT after point; COMMAND reports its acceptance."
  (foretype--hide)
  (let ((shown (propertize (concat (and (string-prefix-p "\n" text) " ") text)
                           'face 'foretype-ghost)))
    ;; Put the cursor before the text; at the end of a line Emacs puts it after.
    (put-text-property 0 1 'cursor 1 shown)
    (setq foretype--ghost (make-overlay (point) (point) nil t nil))
    (overlay-put foretype--ghost 'after-string shown)
    (overlay-put foretype--ghost 'foretype-text text)
    (overlay-put foretype--ghost 'foretype-command command)
    (foretype-ghost-mode 1)))

(defun foretype--hide ()
  "Hide the ghost text."
  (when foretype--ghost
    (delete-overlay foretype--ghost)
    (setq foretype--ghost nil)
    (foretype-ghost-mode -1)))

(defun foretype--update ()
  "Keep the rest of the ghost text if the user has typed along it; else hide it."
  (let* ((start (overlay-start foretype--ghost))
         (text (overlay-get foretype--ghost 'foretype-text))
         (typed (if (and start (>= (point) start)) (buffer-substring-no-properties start (point)) text)))
    (cond ((string-empty-p typed) (when foretype--changed (foretype--hide)))
          ((and (string-prefix-p typed text) (length< typed (length text)))
           (foretype--show (substring text (length typed)) (overlay-get foretype--ghost 'foretype-command)))
          (t (foretype--hide)))))

(defun foretype--after-change-ghost (&rest _)
  "Record that the buffer has changed."
  (setq foretype--changed t))

(defun foretype--post-command ()
  "Update the ghost text after a command, and request it anew after a change."
  (when foretype--ghost (foretype--update))
  (when foretype--changed
    (setq foretype--changed nil)
    (foretype--schedule-request)))

(defun foretype--schedule-request ()
  "Request ghost text after `foretype-delay'."
  (when (timerp foretype--timer) (cancel-timer foretype--timer))
  (setq foretype--timer (run-with-idle-timer foretype-delay nil #'foretype--request-ghost (current-buffer))))

(defun foretype--composing-p ()
  "Return non-nil while an input method composes text in this buffer.
It has inserted letters then, without calling the functions after a change, and
will replace them."
  (and (overlayp (bound-and-true-p quail-overlay)) (overlay-start quail-overlay) t))

(defun foretype--may-show-p (buffer)
  "Return non-nil if ghost text may be shown in BUFFER."
  (and (buffer-live-p buffer)
       (eq buffer (window-buffer (selected-window)))
       (with-current-buffer buffer
         (and foretype-mode (not buffer-read-only) (not (use-region-p)) (not (foretype--composing-p))
              (not completion-in-region-mode) (not (bound-and-true-p company-candidates))))))

(defun foretype--request-ghost (buffer)
  "Request ghost text at point in BUFFER."
  (when (foretype--may-show-p buffer)
    (with-current-buffer buffer
      (let ((tick (buffer-chars-modified-tick)) (location (point)) (request (cl-incf foretype--newest-request)))
        (foretype--request
         :textDocument/inlineCompletion `(,@(foretype--at-point) :context (:triggerKind 2))
         (lambda (result)
           (when (foretype--may-show-p buffer)
             (with-current-buffer buffer
               ;; The server answers a superseded request with an empty result: ignore that.
               (when (and (= request foretype--newest-request) (= tick (buffer-chars-modified-tick))
                          (= location (point)))
                 (let* ((items (plist-get result :items)) (item (and (not (seq-empty-p items)) (elt items 0))))
                   (if item
                       (foretype--show (plist-get item :insertText) (plist-get item :command))
                     (foretype--hide))))))))))))

(defun foretype--report-accepted (command text)
  "Report TEXT, a part of the suggestion with COMMAND, as accepted."
  (let ((argument (elt (plist-get command :arguments) 0)))
    (foretype--execute (plist-get command :command)
                       (list (plist-put (copy-sequence argument) :characters (length text))))))

(defun foretype--accept-part (regexp)
  "Insert the start of the ghost text that REGEXP matches."
  (let ((text (and foretype--ghost (overlay-get foretype--ghost 'foretype-text))))
    (unless (and text (string-match regexp text))
      (user-error "There is no ghost text here"))
    (let ((accepted (match-string 0 text)) (command (overlay-get foretype--ghost 'foretype-command)))
      (foretype--hide)
      (undo-boundary)
      (insert accepted)
      (foretype--on-accept accepted)
      (foretype--report-accepted command accepted)
      (unless (length= accepted (length text))
        (foretype--show (substring text (length accepted)) command)
        (setq foretype--changed nil))
      (foretype--schedule-request))))

(defun foretype-accept ()
  "Accept all of the ghost text."
  (interactive)
  (foretype--accept-part "\\`\\(?:.\\|\n\\)+"))

(defun foretype-accept-word ()
  "Accept the next word of the ghost text."
  (interactive)
  (foretype--accept-part "\\`[[:space:]\n]*\\(?:[[:word:]]+\\|[^[:word:][:space:]\n]*\\)"))

(defun foretype-accept-line ()
  "Accept the next line of the ghost text."
  (interactive)
  (foretype--accept-part "\\`\n?[^\n]*"))

(defun foretype-dismiss ()
  "Hide the ghost text until the next change."
  (interactive)
  (foretype--hide))

(defun foretype--show-item (items number)
  "Show the ghost text of ITEMS at NUMBER, counted in a circle."
  (let* ((index (mod number (length items))) (item (elt items index)))
    (foretype--show (plist-get item :insertText) (plist-get item :command))
    (overlay-put foretype--ghost 'foretype-items items)
    (overlay-put foretype--ghost 'foretype-index index)))

(defun foretype-next-alternative (&optional step)
  "Show another ghost text, STEP places after this one.
The first time, request all of them from the server."
  (interactive "p")
  (unless foretype--ghost (user-error "There is no ghost text here"))
  (if-let* ((items (overlay-get foretype--ghost 'foretype-items)))
      (foretype--show-item items (+ (overlay-get foretype--ghost 'foretype-index) (or step 1)))
    (let ((ghost foretype--ghost) (buffer (current-buffer)))
      (cl-incf foretype--newest-request)
      (foretype--request
       :textDocument/inlineCompletion `(,@(foretype--at-point) :context (:triggerKind 1))
       (lambda (result)
         (when (buffer-live-p buffer)
           (with-current-buffer buffer
             (let ((items (plist-get result :items)))
               (when (and (eq ghost foretype--ghost) (not (seq-empty-p items)))
                 (foretype--show-item items (or step 1)))))))))))

(defun foretype-previous-alternative ()
  "Show the ghost text before this one."
  (interactive)
  (foretype-next-alternative -1))

;;;; The smart space

(defun foretype--on-accept (text)
  "Remember the space at the end of TEXT, which has been inserted before point."
  (setq foretype--smart-space
        (and (string-suffix-p " " text) (eq (char-before) ?\s) (copy-marker (point)))))

(defun foretype--follows-word-p (character before)
  "Return non-nil if CHARACTER, typed after BEFORE, stands right after a word."
  (if (memq character '(?\" ?'))
      (cl-oddp (cl-count character before)) ; it closes a quotation
    (memq character '(?, ?. ?\; ?: ?! ?? ?\) ?\] ?} ?\s ?\n))))

(defun foretype--take-space-back ()
  "Delete the accepted space if the typed character stands right after a word."
  (when-let* ((end foretype--smart-space))
    (setq foretype--smart-space nil)
    (let ((start (marker-position end)))
      (when (and (eq (char-before start) ?\s) (eq (char-after start) last-command-event)
                 (> (point) start)
                 (foretype--follows-word-p last-command-event
                                           (buffer-substring-no-properties
                                            (save-excursion (goto-char start) (pos-bol)) (1- start))))
        (delete-region (1- start) start)))))

;;;; Completion at point

(defun foretype-completion-at-point ()
  "Complete next words and phrases, for `completion-at-point-functions'."
  (when-let* (((foretype--ready-p))
              (items (progn (foretype--flush)
                            (plist-get (ignore-errors
                                         (jsonrpc-request foretype--server :textDocument/completion (foretype--at-point)
                                                          :timeout foretype--timeout :cancel-on-input t))
                                       :items)))
              ((not (seq-empty-p items)))
              (by-text (mapcar (lambda (item) (cons (plist-get (plist-get item :textEdit) :newText) item)) items)))
    (list (foretype--from-position (plist-get (plist-get (plist-get (elt items 0) :textEdit) :range) :start))
          (point)
          (lambda (string predicate action)
            (if (eq action 'metadata)
                ;; The server has sorted them by the keys that they save.
                '(metadata (category . foretype) (display-sort-function . identity) (cycle-sort-function . identity))
              (complete-with-action action by-text string predicate)))
          :exclusive 'no
          :annotation-function (lambda (text) (foretype--annotation (cdr (assoc text by-text))))
          :exit-function (lambda (text status)
                           (foretype--on-accept text)
                           (when-let* ((item (and (not (eq status 'sole)) (cdr (assoc text by-text))))
                                       (command (plist-get item :command)))
                             (foretype--execute (plist-get command :command) (plist-get command :arguments)))))))

(defun foretype--percent (probability)
  "Format PROBABILITY as a percentage."
  (let ((percent (* 100 probability)))
    (cond ((< percent 0.1) "<0.1 %")
          ((< percent 9.95) (format "%.1f %%" percent))
          (t (format "%.0f %%" percent)))))

(defun foretype--annotation (item)
  "Return the probability of ITEM as a percentage."
  (when-let* ((probability (plist-get (plist-get item :data) :probability)))
    (concat " " (foretype--percent (string-to-number probability)))))

;;;; The modes

(defun foretype--lighter ()
  "Return the text for the mode line."
  (cond (foretype--error " Foretype!")
        (foretype--training (format " Foretype[%s%%%%]" (nth 2 foretype--training)))
        (t " Foretype")))

;;;###autoload
(define-minor-mode foretype-mode
  "Show ghost text in this buffer, and next words by `completion-at-point'.
\\<foretype-ghost-mode-map>While ghost text is shown, \\[foretype-accept] accepts it, \\[foretype-accept-word] accepts a word
of it, \\[foretype-accept-line] a line, and \\[foretype-dismiss] hides it."
  :lighter (:eval (foretype--lighter))
  (if (and foretype-mode (foretype--open))
      (progn
        (add-hook 'after-change-functions #'foretype--after-change-ghost nil t)
        (add-hook 'post-command-hook #'foretype--post-command nil t)
        ;; Before the functions that indent a new line.
        (add-hook 'post-self-insert-hook #'foretype--take-space-back -90 t)
        ;; In code after functions that know types, in text before Ispell.
        (add-hook 'completion-at-point-functions #'foretype-completion-at-point
                  (if (derived-mode-p 'text-mode) -50 50) t)
        (add-hook 'change-major-mode-hook #'foretype--disable nil t)
        (add-hook 'after-set-visited-file-name-hook #'foretype--reopen nil t))
    (setq foretype-mode nil)
    (foretype--disable)))

(defun foretype--disable ()
  "Undo the setup of `foretype-mode' in this buffer."
  (foretype--hide)
  (foretype--close)
  (remove-hook 'after-change-functions #'foretype--after-change-ghost t)
  (remove-hook 'post-command-hook #'foretype--post-command t)
  (remove-hook 'post-self-insert-hook #'foretype--take-space-back t)
  (remove-hook 'completion-at-point-functions #'foretype-completion-at-point t)
  (remove-hook 'change-major-mode-hook #'foretype--disable t)
  (remove-hook 'after-set-visited-file-name-hook #'foretype--reopen t))

(defun foretype--reopen ()
  "Open this buffer again under its current name."
  (foretype-mode -1)
  (foretype-mode 1))

(defun foretype--turn-on ()
  "Turn `foretype-mode' on in buffers that users edit.
Of the buffers without a mode of their own, only files are, such as git's
commit messages."
  (unless (or (minibufferp) noninteractive (string-prefix-p " " (buffer-name))
              (and (eq major-mode 'fundamental-mode) (not buffer-file-name))
              (and buffer-file-name (file-remote-p buffer-file-name)))
    (foretype-mode 1)))

;;;###autoload
(define-globalized-minor-mode global-foretype-mode foretype-mode foretype--turn-on
  :predicate '(text-mode prog-mode conf-mode fundamental-mode)
  :group 'foretype)

(defun foretype--request-after-start ()
  "Request ghost text for the text typed while the server was starting."
  (let ((buffer (window-buffer (selected-window))))
    (when (buffer-local-value 'foretype--server buffer)
      (foretype--request-ghost buffer))))

(add-hook 'foretype-ready-hook #'foretype--request-after-start)
(add-hook 'foretype-ended-hook #'foretype--hide)
(add-hook 'kill-emacs-hook #'foretype--on-kill-emacs)

(provide 'foretype)
;;; foretype.el ends here
