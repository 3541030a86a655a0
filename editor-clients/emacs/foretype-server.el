;;; foretype-server.el --- The servers of Foretype and their documents  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; One server for each project, over the built-in library `jsonrpc', beside the servers of Eglot or lsp-mode.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'project)
(require 'subr-x)
(require 'url-util)

(defgroup foretype nil
  "Ghost text and next words, computed on your machine."
  :group 'convenience
  :prefix "foretype-")

(defcustom foretype-program "foretype"
  "The program `foretype', which contains the language server."
  :type 'file)

(defcustom foretype-settings nil
  "The server's settings, a property list, with the names in Foretype's README.
Lists are vectors, and false is `:json-false', as in
\(:maxItems 5 :inline (:maxLines 3) :languages (:disabled [\"json\"]) :prose t).
Run \\[foretype-restart] after a change."
  :type '(plist :key-type symbol :value-type sexp))

(defconst foretype--timeout 2
  "Seconds to wait for the response to a synchronous request.")

(defconst foretype--restart-delay 1
  "Seconds to the new start of a server that has ended by itself.
They double each time, up to `foretype--max-restarts' times in
`foretype--restart-period' seconds.")

(defconst foretype--max-restarts 3 "See `foretype--restart-delay'.")
(defconst foretype--restart-period 180 "See `foretype--restart-delay'.")

(defconst foretype--max-changes 100
  "Maximum number of changes sent one by one; beyond it the whole buffer is sent.")

(defconst foretype--languages
  '(("text" . "plaintext") ("fundamental" . "plaintext") ("lisp-interaction" . "emacs-lisp") ("c++" . "cpp")
    ("js" . "javascript") ("sh" . "shellscript") ("bash" . "shellscript") ("gfm" . "markdown") ("mhtml" . "html"))
  "Language identifiers that differ from the name of the major mode.")

(defclass foretype-server (jsonrpc-process-connection)
  ((root :initarg :root :reader foretype--root)
   (ready :initform nil :accessor foretype--ready)
   (stopping :initform nil :accessor foretype--stopping)
   (queue :initform nil :accessor foretype--queue))
  "The server of the project at ROOT, which is nil for files outside a project.")

(defvar foretype--servers (make-hash-table :test #'equal)
  "The running servers by the root of their project.")

(defvar foretype--ends (make-hash-table :test #'equal)
  "The times at which servers ended by themselves, by the root of their project.")

(defvar foretype--restarts nil
  "The timers of the servers that start again.")

(defvar foretype--error nil
  "The reason why no server is started until `foretype-restart'.")

(defvar foretype--training nil
  "The running training: a list of its server, its token and its percentage.")

(defvar foretype-ready-hook nil
  "Hook run in an arbitrary buffer when a server becomes ready.")

(defvar foretype-ended-hook nil
  "Hook run in each buffer of a server that has ended by itself.")

(defvar-local foretype--server nil "The server of this buffer.")
(defvar-local foretype--uri nil "The URI of this buffer.")
(defvar-local foretype--version 0 "The document version that the server has.")
(defvar-local foretype--changes nil "The unsent changes, newest first, or `all' for the whole buffer.")
(defvar-local foretype--change-bounds nil "The bounds of the change in progress, as numbers and as positions.")

(defun foretype--message (format &rest arguments)
  "Show a message: FORMAT with ARGUMENTS."
  (message "Foretype: %s" (apply #'format format arguments)))

(defun foretype--fail (message)
  "Show MESSAGE, an error, once: it is the same for the next buffer."
  (unless foretype--error
    (setq foretype--error message)
    (foretype--message "%s" message)))

;;;; Servers

(defun foretype--get-or-start (root)
  "Return the server of the project at ROOT, and start it if it does not run.
Return nil if it cannot be started."
  (or (gethash root foretype--servers)
      (cond (foretype--error nil)
            ((executable-find foretype-program) (puthash root (foretype--start root) foretype--servers))
            (t (foretype--fail
                (format "there is no program \"%s\"; install it, or set its path in `foretype-program'"
                        foretype-program))
               nil))))

(defun foretype--start (root)
  "Start the server of the project at ROOT."
  (let* ((default-directory (or root temporary-file-directory))
         (server (make-instance
                  'foretype-server
                  :name "foretype" :root root
                  :process (lambda ()
                             (make-process :name "foretype" :command (list (expand-file-name
                                                                            (executable-find foretype-program))
                                                                           "serve")
                                           :connection-type 'pipe :coding 'utf-8-emacs-unix :noquery t
                                           :stderr (get-buffer-create " *foretype log*")))
                  :events-buffer-config '(:size 0 :format full)
                  :request-dispatcher #'ignore
                  :notification-dispatcher #'foretype--on-notification
                  :on-shutdown #'foretype--on-shutdown)))
    (foretype--send
     #'jsonrpc-async-request server :initialize
     `( :processId ,(emacs-pid)
        :clientInfo (:name "Emacs" :version ,emacs-version)
        :rootUri ,(and root (foretype--uri-of root))
        :workspaceFolders ,(and root `[(:uri ,(foretype--uri-of root) :name ,(file-name-nondirectory
                                                                             (directory-file-name root)))])
        :initializationOptions (,@foretype-settings :smartSpace t) ; the first value of a key counts
        :capabilities ( :general (:positionEncodings ["utf-32"])
                        :window (:workDoneProgress t)
                        :textDocument (:inlineCompletion ,(make-hash-table) :synchronization (:didSave t))))
     :success-fn (lambda (_) (foretype--on-ready server))
     :error-fn (foretype--on-error server (lambda (reason)
                                            (foretype--fail (format "the server refused to start: %s" reason))))
     :timeout 60)
    server))

(defun foretype--on-error (server function)
  "Return a handler that passes the messages of the errors of SERVER to FUNCTION.
The requests of a server that has ended fail too; its end is reported elsewhere."
  (lambda (err)
    (when (jsonrpc-running-p server)
      (funcall function (plist-get err :message)))))

(defun foretype--send (function server &rest arguments)
  "Call FUNCTION of `jsonrpc' with SERVER and ARGUMENTS.
The server may end while it is written to; its end is reported elsewhere."
  (condition-case err
      (apply function server arguments)
    (error (when (jsonrpc-running-p server) (signal (car err) (cdr err))))))

(defun foretype--on-ready (server)
  "Send SERVER the queued notifications."
  (setf (foretype--ready server) t)
  (foretype--send #'jsonrpc-notify server :initialized (make-hash-table))
  (pcase-dolist (`(,method ,params) (nreverse (foretype--queue server)))
    (foretype--send #'jsonrpc-notify server method params))
  (setf (foretype--queue server) nil)
  (run-hooks 'foretype-ready-hook))

(defun foretype--notify (server method params)
  "Send SERVER a notification with METHOD and PARAMS, or queue it until ready."
  (cond ((not (jsonrpc-running-p server)))
        ((foretype--ready server) (foretype--send #'jsonrpc-notify server method params))
        (t (push (list method params) (foretype--queue server)))))

(defun foretype--request (method params on-result)
  "Send this buffer's server a request with METHOD and PARAMS.
Call ON-RESULT with the result."
  (when (foretype--ready-p)
    (foretype--flush)
    (foretype--send #'jsonrpc-async-request foretype--server method params
                    :success-fn on-result
                    :error-fn (foretype--on-error foretype--server (apply-partially #'foretype--message "%s"))
                    :timeout 60)))

(defun foretype--ready-p ()
  "Return non-nil if this buffer has a server that is ready."
  (and foretype--server (foretype--ready foretype--server) (jsonrpc-running-p foretype--server)))

(defun foretype--execute (command arguments &optional on-result)
  "Run the server's COMMAND with ARGUMENTS; call ON-RESULT with the result."
  (unless foretype--server
    (user-error "Foretype: %s" (or foretype--error "this buffer is not attached; M-x foretype-mode")))
  (unless (foretype--ready-p)
    (user-error "Foretype: the server %s"
                (if (jsonrpc-running-p foretype--server) "is still starting" "has ended; M-x foretype-restart")))
  (foretype--request :workspace/executeCommand `(:command ,command :arguments ,(vconcat arguments))
                     (or on-result #'ignore)))

(defun foretype--on-notification (server method params)
  "Handle METHOD with PARAMS, a notification from SERVER."
  (pcase method
    ('window/showMessage
     (foretype--message "%s" (string-remove-prefix "Foretype: " (plist-get params :message))))
    ('$/progress
     (let ((token (plist-get params :token)) (value (plist-get params :value)))
       (pcase (plist-get value :kind)
         ("begin" (when (eq (plist-get value :cancellable) t) (setq foretype--training (list server token 0))))
         ("report" (when (equal token (nth 1 foretype--training))
                     (setf (nth 2 foretype--training) (plist-get value :percentage))
                     (foretype--message "training %d %%, %s" (plist-get value :percentage) (plist-get value :message))))
         ("end" (when (equal token (nth 1 foretype--training)) (setq foretype--training nil))))
       (force-mode-line-update t)))))

(defun foretype--buffers (server)
  "Return the buffers of SERVER."
  (seq-filter (lambda (buffer) (eq (buffer-local-value 'foretype--server buffer) server)) (buffer-list)))

(defun foretype--on-shutdown (server)
  "Remove SERVER, and start it again if it has ended by itself."
  (remhash (foretype--root server) foretype--servers)
  (unless (foretype--stopping server)
    (dolist (buffer (foretype--buffers server))
      (with-current-buffer buffer (run-hooks 'foretype-ended-hook)))
    (foretype--start-again server)))

(defun foretype--start-again (server)
  "Start SERVER again later, unless that happens again and again.
Show a message at the first end and at the last."
  (let* ((root (foretype--root server))
         (now (float-time))
         (ends (cons now (seq-filter (lambda (time) (< (- now time) foretype--restart-period))
                                     (gethash root foretype--ends)))))
    (puthash root ends foretype--ends)
    (if (length> ends foretype--max-restarts)
        (foretype--fail "the server keeps ending; M-x foretype-log shows why, M-x foretype-restart tries again")
      (when (length= ends 1) (foretype--message "the server ended; it starts again"))
      (push (run-with-timer (* foretype--restart-delay (expt 2 (1- (length ends)))) nil #'foretype--reattach server)
            foretype--restarts))))

(defun foretype--reattach (server)
  "Open the buffers of SERVER, which has ended, at a new server."
  (dolist (buffer (foretype--buffers server))
    (with-current-buffer buffer
      (setq foretype--server nil)
      (foretype--open))))

(defun foretype--stop-all ()
  "Shut down all servers, and clear the error."
  (setq foretype--error nil foretype--training nil)
  (mapc #'cancel-timer foretype--restarts)
  (setq foretype--restarts nil)
  (clrhash foretype--ends)
  (maphash (lambda (_ server)
             (foretype--request-exit server)
             (ignore-errors (jsonrpc-shutdown server)))
           (copy-hash-table foretype--servers))
  (clrhash foretype--servers))

(defun foretype--request-exit (server)
  "Ask SERVER to exit."
  (setf (foretype--stopping server) t)
  (ignore-errors
    (jsonrpc-request server :shutdown nil :timeout foretype--timeout)
    (jsonrpc-notify server :exit nil)))

(defun foretype--on-kill-emacs ()
  "Ask all servers to exit, without waiting for the end of their processes.
Emacs blocks SIGCHLD when a signal ends it, as when its terminal is closed:
`jsonrpc-shutdown' would wait for ever."
  (maphash (lambda (_ server) (foretype--request-exit server)) foretype--servers))

;;;; Documents

(defun foretype--uri-of (path)
  "Return the URI of the file at PATH."
  (concat "file://" (and (eq system-type 'windows-nt) "/")
          (url-hexify-string (encode-coding-string (expand-file-name path) 'utf-8-unix) url-path-allowed-chars)))

(defun foretype--project-root ()
  "Return the root of this buffer's project, or nil if there is none.
Also nil for the home folder, which is too much to learn from."
  (when-let* ((project (project-current)) (root (expand-file-name (project-root project))))
    (and (not (file-equal-p root "~")) root)))

(defun foretype--language ()
  "Return the language identifier of this buffer."
  (let ((name (string-trim-right (symbol-name major-mode) (rx (? "-ts") "-mode" eos))))
    (alist-get name foretype--languages name nil #'equal)))

(defun foretype--text (start end)
  "Return the text between START and END, as valid JSON, with the lines of Emacs.
A carriage return would end a line for the server, so it is a space there."
  ;; Raw bytes, one character each.
  (replace-regexp-in-string "[\x3fff80-\x3fffff]" "\ufffd"
                            (subst-char-in-string ?\r ?\s (buffer-substring-no-properties start end)) t t))

(defmacro foretype--with-whole-buffer (&rest body)
  "Evaluate BODY in the widened buffer; restore point and match data."
  (declare (debug t) (indent 0))
  `(save-match-data (save-excursion (save-restriction (widen) ,@body))))

(defun foretype--open ()
  "Open this buffer at its server; return non-nil on success."
  (when (and (not foretype--server) (setq foretype--server (foretype--get-or-start (foretype--project-root))))
    (setq foretype--version 0 foretype--changes nil
          foretype--uri (if buffer-file-name
                            (foretype--uri-of buffer-file-name)
                          (concat "untitled:" (url-hexify-string (buffer-name)))))
    (foretype--notify foretype--server :textDocument/didOpen
                      `(:textDocument ( :uri ,foretype--uri :languageId ,(foretype--language) :version 0
                                        :text ,(foretype--with-whole-buffer (foretype--text (point-min) (point-max))))))
    (add-hook 'before-change-functions #'foretype--before-change 90 t)
    (add-hook 'after-change-functions #'foretype--after-change -90 t)
    (add-hook 'after-save-hook #'foretype--on-save nil t)
    (add-hook 'kill-buffer-hook #'foretype--close nil t))
  foretype--server)

(defun foretype--close ()
  "Close this buffer at its server."
  (when foretype--server
    (foretype--notify foretype--server :textDocument/didClose `(:textDocument (:uri ,foretype--uri)))
    (setq foretype--server nil)
    (remove-hook 'before-change-functions #'foretype--before-change t)
    (remove-hook 'after-change-functions #'foretype--after-change t)
    (remove-hook 'after-save-hook #'foretype--on-save t)
    (remove-hook 'kill-buffer-hook #'foretype--close t)))

(defun foretype--on-save ()
  "Notify the server that this buffer was saved."
  (foretype--flush)
  (foretype--notify foretype--server :textDocument/didSave `(:textDocument (:uri ,foretype--uri))))

(defun foretype--to-position (location)
  "Return the LSP position of LOCATION in this buffer."
  (foretype--with-whole-buffer
    (goto-char location)
    `(:line ,(1- (line-number-at-pos location t)) :character ,(- location (pos-bol)))))

(defun foretype--from-position (position)
  "Return the location of the LSP POSITION in this buffer."
  (foretype--with-whole-buffer
    (goto-char (point-min))
    (forward-line (plist-get position :line))
    (min (+ (point) (plist-get position :character)) (pos-eol))))

(defun foretype--before-change (start end)
  "Record the bounds START and END of a change before the text is modified."
  (setq foretype--change-bounds (list start end (foretype--to-position start) (foretype--to-position end))))

(defun foretype--after-change (start end old-length)
  "Record the change of OLD-LENGTH characters into the text from START to END."
  (pcase-let ((`(,first ,last ,from ,to) (or foretype--change-bounds '(0 0))))
    (setq foretype--change-bounds nil)
    (cond ((eq foretype--changes 'all))
          ;; Some commands announce larger bounds than they change, or change text again.
          ((and (= first start) (= (- last first) old-length) (length< foretype--changes foretype--max-changes))
           (push `(:range (:start ,from :end ,to) :text ,(foretype--with-whole-buffer (foretype--text start end)))
                 foretype--changes))
          (t (setq foretype--changes 'all)))))

(defun foretype--flush ()
  "Send the unsent edits of this buffer."
  (when (and foretype--server foretype--changes)
    (let ((changes (if (eq foretype--changes 'all)
                       `[(:text ,(foretype--with-whole-buffer (foretype--text (point-min) (point-max))))]
                     (vconcat (reverse foretype--changes)))))
      (setq foretype--changes nil)
      (foretype--notify foretype--server :textDocument/didChange
                        `( :textDocument (:uri ,foretype--uri :version ,(cl-incf foretype--version))
                           :contentChanges ,changes)))))

(defun foretype--at-point ()
  "Return point as request parameters."
  `(:textDocument (:uri ,foretype--uri) :position ,(foretype--to-position (point))))

(provide 'foretype-server)
;;; foretype-server.el ends here
