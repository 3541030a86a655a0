;;; foretype-server.el --- Foretype's servers, and how they follow buffers  -*- lexical-binding: t -*-

;; Copyright (C) 2026  The Foretype authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; One server for each project, over the built-in library `jsonrpc', beside whatever Eglot or lsp-mode run.

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
  "The program `foretype', whose language server is used."
  :type 'file)

(defcustom foretype-settings nil
  "The server's settings, a property list, as Foretype's README names them.
Lists are vectors, and false is `:json-false', as in
\(:maxItems 5 :inline (:maxLines 3) :languages (:disabled [\"json\"]) :prose t).
After a change, \\[foretype-restart]."
  :type '(plist :key-type symbol :value-type sexp))

(defconst foretype--patience 2
  "Seconds that a server may take to answer where Emacs waits for it.")

(defconst foretype--most-changes 100
  "Changes beyond which a buffer is sent as a whole.")

(defconst foretype--languages
  '(("text" . "plaintext") ("fundamental" . "plaintext") ("lisp-interaction" . "emacs-lisp") ("c++" . "cpp")
    ("js" . "javascript") ("sh" . "shellscript") ("bash" . "shellscript") ("gfm" . "markdown") ("mhtml" . "html"))
  "Language identifiers of major modes that are called otherwise.")

(defclass foretype-server (jsonrpc-process-connection)
  ((root :initarg :root :reader foretype--root)
   (ready :initform nil :accessor foretype--ready)
   (ending :initform nil :accessor foretype--ending)
   (waiting :initform nil :accessor foretype--waiting))
  "A server, for the project at ROOT, which is nil for files that are in none.")

(defvar foretype--servers (make-hash-table :test #'equal)
  "The servers that run, by the root of their project.")

(defvar foretype--trouble nil
  "Why no server is started any more, until `foretype-restart'.")

(defvar foretype--training nil
  "The training under way: a list of its server, its token and how far it is.")

(defvar foretype-ready-hook nil
  "Run in no particular buffer once a server can be asked.")

(defvar-local foretype--server nil "The server of this buffer.")
(defvar-local foretype--uri nil "What the server calls this buffer.")
(defvar-local foretype--version 0 "How often the server was told of changes.")
(defvar-local foretype--changes nil "Changes that the server wasn't told of yet, the last one first; or `all'.")
(defvar-local foretype--before nil "What the change under way begins with: its start and end, and as positions.")

(defun foretype--say (format &rest arguments)
  "Tell the user something in one line: FORMAT with ARGUMENTS."
  (message "Foretype: %s" (apply #'format format arguments)))

(defun foretype--give-up (trouble)
  "Tell of TROUBLE, once: what follows for the next buffer is the same."
  (unless foretype--trouble
    (setq foretype--trouble trouble)
    (foretype--say "%s" trouble)))

;;;; Servers

(defun foretype--server-for (root)
  "The server for the project at ROOT, started where there is none.
Nil where that can't be."
  (or (gethash root foretype--servers)
      (cond (foretype--trouble nil)
            ((executable-find foretype-program) (puthash root (foretype--start root) foretype--servers))
            (t (foretype--give-up
                (format "there is no program \"%s\"; install it, or name its path in `foretype-program'"
                        foretype-program))
               nil))))

(defun foretype--start (root)
  "Start a server for the project at ROOT."
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
    (jsonrpc-async-request
     server :initialize
     `( :processId ,(emacs-pid)
        :clientInfo (:name "Emacs" :version ,emacs-version)
        :rootUri ,(and root (foretype--uri-of root))
        :workspaceFolders ,(and root `[(:uri ,(foretype--uri-of root) :name ,(file-name-nondirectory
                                                                             (directory-file-name root)))])
        :initializationOptions ,(or foretype-settings (make-hash-table))
        :capabilities ( :general (:positionEncodings ["utf-32"])
                        :window (:workDoneProgress t)
                        :textDocument (:inlineCompletion ,(make-hash-table) :synchronization (:didSave t))))
     :success-fn (lambda (_) (foretype--on-ready server))
     :error-fn (lambda (err) (foretype--give-up (format "the server refused to start: %s" (plist-get err :message))))
     :timeout 60)
    server))

(defun foretype--on-ready (server)
  "Send SERVER what has waited for it."
  (setf (foretype--ready server) t)
  (jsonrpc-notify server :initialized (make-hash-table))
  (pcase-dolist (`(,method ,params) (nreverse (foretype--waiting server)))
    (jsonrpc-notify server method params))
  (setf (foretype--waiting server) nil)
  (run-hooks 'foretype-ready-hook))

(defun foretype--notify (server method params)
  "Send SERVER a notification with METHOD and PARAMS, as soon as it is ready."
  (cond ((not (jsonrpc-running-p server)))
        ((foretype--ready server) (jsonrpc-notify server method params))
        (t (push (list method params) (foretype--waiting server)))))

(defun foretype--ask (method params then)
  "Send this buffer's server a request with METHOD and PARAMS.
Call THEN with the result."
  (when (foretype--can-ask)
    (foretype--flush)
    (jsonrpc-async-request foretype--server method params
                           :success-fn then
                           :error-fn (lambda (err) (foretype--say "%s" (plist-get err :message)))
                           :timeout 60)))

(defun foretype--can-ask ()
  "Whether this buffer has a server that answers."
  (and foretype--server (foretype--ready foretype--server) (jsonrpc-running-p foretype--server)))

(defun foretype--execute (command arguments &optional then)
  "Have this buffer's server run COMMAND with ARGUMENTS; call THEN with the result."
  (unless foretype--server
    (user-error "Foretype: %s" (or foretype--trouble "this buffer is not served; M-x foretype-mode")))
  (unless (foretype--can-ask)
    (user-error "Foretype: the server %s"
                (if (jsonrpc-running-p foretype--server) "is still starting" "has ended; M-x foretype-restart")))
  (foretype--ask :workspace/executeCommand `(:command ,command :arguments ,(vconcat arguments)) (or then #'ignore)))

(defun foretype--on-notification (server method params)
  "Handle METHOD with PARAMS, a notification from SERVER."
  (pcase method
    ('window/showMessage
     (foretype--say "%s" (string-remove-prefix "Foretype: " (plist-get params :message))))
    ('$/progress
     (let ((token (plist-get params :token)) (value (plist-get params :value)))
       (pcase (plist-get value :kind)
         ("begin" (when (eq (plist-get value :cancellable) t) (setq foretype--training (list server token 0))))
         ("report" (when (equal token (nth 1 foretype--training))
                     (setf (nth 2 foretype--training) (plist-get value :percentage))
                     (foretype--say "training %d %%, %s" (plist-get value :percentage) (plist-get value :message))))
         ("end" (when (equal token (nth 1 foretype--training)) (setq foretype--training nil))))
       (force-mode-line-update t)))))

(defun foretype--on-shutdown (server)
  "Forget SERVER, and say so where nobody wanted it to end."
  (remhash (foretype--root server) foretype--servers)
  (unless (foretype--ending server)
    (foretype--give-up "the server has ended; M-x foretype-restart starts it again, M-x foretype-log shows why")))

(defun foretype--stop-all ()
  "End all servers, as they should be ended, and forget what was wrong."
  (setq foretype--trouble nil foretype--training nil)
  (maphash (lambda (_ server)
             (setf (foretype--ending server) t)
             (ignore-errors
               (jsonrpc-request server :shutdown nil :timeout foretype--patience)
               (jsonrpc-notify server :exit nil))
             (ignore-errors (jsonrpc-shutdown server)))
           (copy-hash-table foretype--servers))
  (clrhash foretype--servers))

;;;; Buffers

(defun foretype--uri-of (path)
  "The URI of the file at PATH."
  (concat "file://" (and (eq system-type 'windows-nt) "/")
          (url-hexify-string (encode-coding-string (expand-file-name path) 'utf-8-unix) url-path-allowed-chars)))

(defun foretype--project-root ()
  "The root of this buffer's project.
Nil for the home folder, which is too much to learn from."
  (when-let* ((project (project-current)) (root (expand-file-name (project-root project))))
    (and (not (file-equal-p root "~")) root)))

(defun foretype--language ()
  "The language identifier of this buffer."
  (let ((name (string-trim-right (symbol-name major-mode) (rx (? "-ts") "-mode" eos))))
    (alist-get name foretype--languages name nil #'equal)))

(defun foretype--text (start end)
  "The text between START and END, as JSON can have it."
  ;; Bytes that no text has, one character each.
  (replace-regexp-in-string "[\x3fff80-\x3fffff]" "\ufffd" (buffer-substring-no-properties start end) t t))

(defmacro foretype--widely (&rest body)
  "Evaluate BODY with the whole buffer to see, and point and match data kept."
  (declare (debug t) (indent 0))
  `(save-match-data (save-excursion (save-restriction (widen) ,@body))))

(defun foretype--open ()
  "Have this buffer served, and return non-nil where it is."
  (when (and (not foretype--server) (setq foretype--server (foretype--server-for (foretype--project-root))))
    (setq foretype--version 0 foretype--changes nil
          foretype--uri (if buffer-file-name
                            (foretype--uri-of buffer-file-name)
                          (concat "untitled:" (url-hexify-string (buffer-name)))))
    (foretype--notify foretype--server :textDocument/didOpen
                      `(:textDocument ( :uri ,foretype--uri :languageId ,(foretype--language) :version 0
                                        :text ,(foretype--widely (foretype--text (point-min) (point-max))))))
    (add-hook 'before-change-functions #'foretype--before-change 90 t)
    (add-hook 'after-change-functions #'foretype--after-change -90 t)
    (add-hook 'after-save-hook #'foretype--saved nil t)
    (add-hook 'kill-buffer-hook #'foretype--close nil t))
  foretype--server)

(defun foretype--close ()
  "Have this buffer served no longer."
  (when foretype--server
    (foretype--notify foretype--server :textDocument/didClose `(:textDocument (:uri ,foretype--uri)))
    (setq foretype--server nil)
    (remove-hook 'before-change-functions #'foretype--before-change t)
    (remove-hook 'after-change-functions #'foretype--after-change t)
    (remove-hook 'after-save-hook #'foretype--saved t)
    (remove-hook 'kill-buffer-hook #'foretype--close t)))

(defun foretype--saved ()
  "Tell the server that this buffer was saved."
  (foretype--flush)
  (foretype--notify foretype--server :textDocument/didSave `(:textDocument (:uri ,foretype--uri))))

(defun foretype--position (place)
  "PLACE in this buffer, as the protocol counts."
  (foretype--widely
    (goto-char place)
    `(:line ,(1- (line-number-at-pos place t)) :character ,(- place (pos-bol)))))

(defun foretype--place (position)
  "The place in this buffer that is meant by the protocol's POSITION."
  (foretype--widely
    (goto-char (point-min))
    (forward-line (plist-get position :line))
    (min (+ (point) (plist-get position :character)) (pos-eol))))

(defun foretype--before-change (start end)
  "Note where a change from START to END will be, while the old text is there."
  (setq foretype--before (list start end (foretype--position start) (foretype--position end))))

(defun foretype--after-change (start end old-length)
  "Note that what is from START to END is where OLD-LENGTH characters were."
  (pcase-let ((`(,first ,last ,from ,to) (or foretype--before '(0 0))))
    (setq foretype--before nil)
    (cond ((eq foretype--changes 'all))
          ;; Some tell before a change of more than they change, or change again.
          ((and (= first start) (= (- last first) old-length) (length< foretype--changes foretype--most-changes))
           (push `(:range (:start ,from :end ,to) :text ,(foretype--widely (foretype--text start end)))
                 foretype--changes))
          (t (setq foretype--changes 'all)))))

(defun foretype--flush ()
  "Tell the server what has changed in this buffer."
  (when (and foretype--server foretype--changes)
    (let ((changes (if (eq foretype--changes 'all)
                       `[(:text ,(foretype--widely (foretype--text (point-min) (point-max))))]
                     (vconcat (reverse foretype--changes)))))
      (setq foretype--changes nil)
      (foretype--notify foretype--server :textDocument/didChange
                        `( :textDocument (:uri ,foretype--uri :version ,(cl-incf foretype--version))
                           :contentChanges ,changes)))))

(defun foretype--here ()
  "Where point is, as requests say it."
  `(:textDocument (:uri ,foretype--uri) :position ,(foretype--position (point))))

(provide 'foretype-server)
;;; foretype-server.el ends here
