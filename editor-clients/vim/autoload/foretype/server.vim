vim9script

# The language servers, one for each workspace: start, messages, end.

# Milliseconds to wait for the response to `shutdown`; a completion may take four times as long.
const SHUTDOWN_TIMEOUT = 500
const COMPLETION_TIMEOUT = 4 * SHUTDOWN_TIMEOUT
const MAX_STDERR_LINES = 200

# Milliseconds for which a long message is shown.
const NOTIFICATION_TIME = 8000

# A server that has ended by itself is started again after so many milliseconds, twice as many each time; but only
# MAX_RESTARTS times in RESTART_PERIOD seconds.
const RESTART_DELAY = 1000
const MAX_RESTARTS = 3
const RESTART_PERIOD = 180

# Running servers by the folder of their workspace; '' for files outside any repository.
var servers: dict<dict<any>> = {}

# The reason why no server is started until :Foretype restart; '' if there is none.
var error = ''

# By the folder of the workspace: the times at which its server ended by itself, and the timer of its next start.
var ends: dict<list<number>> = {}
var restarts: dict<number> = {}

var stderr_lines: list<string> = []

# Trainings in progress, by progress token.
var trainings: dict<dict<any>> = {}

export def Warn(text: string)
  echohl WarningMsg
  Inform(text)
  echohl None
enddef

# Show one line. A longer one would make Vim wait for a key, and take that from the text: show it in a popup.
export def Inform(text: string)
  var message = $'Foretype: {text}'
  if strdisplaywidth(message) > v:echospace
    popup_notification(message, {time: NOTIFICATION_TIME, maxwidth: &columns - 6})
    Log(message)
    message = printf('%.*S', v:echospace - 1, message) .. '…'
  endif
  echomsg message
enddef

# Return the reason why no server runs; '' if there is none.
export def Error(): string
  return error ?? (restarts->empty() ? '' : 'the server ended; it starts again')
enddef

export def StderrLines(): list<string>
  return copy(stderr_lines)
enddef

# Return the progress of the training for a status line; '' if no training runs.
export def Progress(): string
  return trainings->values()->mapnew((_, training) => FormatProgress(training))->join(' ')
enddef

export def Program(): string
  return expand(get(g:, 'foretype_program', 'foretype'))
enddef

# Show an error once: it is the same for the next buffer. Typing erases the message, so repeat it after insert mode.
def Fail(message: string)
  if error == ''
    error = message
    Warn(message)
    if mode() =~ '^[iR]'
      autocmd foretype ModeChanged [iR]*:n* ++once timer_start(0, (_) => RepeatError())
    endif
  endif
enddef

def RepeatError()
  if error != ''
    Warn(error)
  endif
enddef

# Return the server of a workspace, and start it if it does not run; {} if it cannot be started.
export def GetOrStart(root: string): dict<any>
  if error != '' || restarts->has_key(root)
    return {}
  elseif servers->has_key(root)
    return servers[root]
  elseif &encoding != 'utf-8'
    Fail('Vim must use UTF-8; put "set encoding=utf-8" into your vimrc')
    return {}
  elseif !executable(Program())
    Fail($'there is no program "{Program()}"; install it, or set its path in g:foretype_program')
    return {}
  endif
  Start(root)
  return error == '' ? servers->get(root, {}) : {}
enddef

def Start(root: string)
  var server: dict<any> = {root: root, ready: false, queue: []}
  servers[root] = server # before job_status(), which calls OnExit if the server has ended already
  server.job = job_start([Program(), 'serve'], {
    in_mode: 'lsp',
    out_mode: 'lsp',
    err_mode: 'nl',
    noblock: 1,
    out_cb: (_, message) => OnMessage(server, message),
    err_cb: (_, line) => Log(line),
    exit_cb: (_, status) => OnExit(server, status),
  })
  if job_status(server.job) == 'fail'
    Fail($'"{Program()}" cannot be started; set another program in g:foretype_program')
    servers->remove(root)
    return
  endif
  server.channel = job_getchannel(server.job)
  var uri = root == '' ? null : PathToUri(root)
  var settings: dict<any> = {smartSpace: true}
  settings->extend(get(g:, 'foretype_settings', {}))
  Write(server, {method: 'initialize', params: {
    processId: getpid(),
    clientInfo: {name: 'Vim', version: $'{v:versionlong}'},
    rootUri: uri,
    workspaceFolders: root == '' ? null : [{uri: uri, name: fnamemodify(root, ':t')}],
    initializationOptions: settings,
    capabilities: {
      general: {positionEncodings: ['utf-8']},
      window: {workDoneProgress: true},
      textDocument: {inlineCompletion: {}, synchronization: {didSave: true}},
    },
  }}, {callback: (_, response) => OnInitialized(server, response)})
enddef

def OnInitialized(server: dict<any>, response: dict<any>)
  if response->has_key('error')
    Fail('the server refused to start: ' .. response.error.message)
    return
  endif
  server.ready = true
  Notify(server, 'initialized', {})
  for message in server.queue
    Write(server, message)
  endfor
  server.queue = []
  # Keys typed while the server started got no response.
  doautocmd <nomodeline> User ForetypeReady
enddef

# Return whether messages can be sent. The state of the channel does not suffice: once the process has ended, Vim closes
# the channel's input before it calls `exit_cb`, while ch_status() is 'open' until the output has been read to its end.
export def IsConnected(server: dict<any>): bool
  return job_status(server.job) == 'run' && ch_status(server.channel) == 'open'
enddef

# Send a message if the server is connected. E630, E631 and E906 mean that it ended after the check; OnExit reports that.
def Write(server: dict<any>, message: dict<any>, options: dict<any> = {})
  if IsConnected(server)
    try
      ch_sendexpr(server.channel, message, options)
    catch /\<E\%(63[01]\|906\):/
    endtry
  endif
enddef

# Send a request and wait for the response; {} if none comes within `timeout` milliseconds.
def WriteAndWait(server: dict<any>, message: dict<any>, timeout: number): dict<any>
  if !IsConnected(server)
    return {}
  endif
  var response: any = {}
  try
    response = ch_evalexpr(server.channel, message, {timeout: timeout})
  catch /\<E\%(63[01]\|906\):/
  endtry
  return response->type() == v:t_dict ? response : {}
enddef

# Send a notification, or queue it until the server is ready.
export def Notify(server: dict<any>, method: string, params: dict<any>)
  var message = {method: method, params: params}
  if server.ready
    Write(server, message)
  else
    server.queue->add(message)
  endif
enddef

# Send a request; OnResult(result) is called with the result, and an error is shown.
export def Request(server: dict<any>, method: string, params: dict<any>, OnResult: func(any))
  if server.ready
    Write(server, {method: method, params: params}, {callback: (_, response) => {
      if response->has_key('error')
        Warn(response.error.message)
      else
        OnResult(response->get('result', null))
      endif
    }})
  endif
enddef

# Send a request and return its result; {} if none comes in time.
export def RequestSync(server: dict<any>, method: string, params: dict<any>): dict<any>
  if !server.ready
    return {}
  endif
  var result = WriteAndWait(server, {method: method, params: params}, COMPLETION_TIMEOUT)->get('result', null)
  return result->type() == v:t_dict ? result : {}
enddef

export def Ignore(result: any)
enddef

export def Execute(server: dict<any>, command: string, arguments: list<any>, OnResult: func(any) = Ignore)
  Request(server, 'workspace/executeCommand', {command: command, arguments: arguments}, OnResult)
enddef

def OnMessage(server: dict<any>, message: dict<any>)
  if !message->has_key('method')
    # The response to a request that has timed out.
    return
  endif
  if message.method == 'window/showMessage'
    Warn(message.params.message->substitute('^Foretype: ', '', ''))
  elseif message.method == '$/progress'
    OnProgress(server, message.params)
  elseif message->has_key('id')
    RespondWithNull(server, message.id)
  endif
enddef

# Not with ch_sendexpr(), which accepts numeric ids only.
def RespondWithNull(server: dict<any>, id: any)
  var response = json_encode({jsonrpc: '2.0', id: id, result: null})
  if IsConnected(server)
    try
      ch_sendraw(server.channel, $"Content-Length: {strlen(response)}\r\n\r\n{response}")
    catch /\<E\%(63[01]\|906\):/
    endtry
  endif
enddef

def OnProgress(server: dict<any>, params: dict<any>)
  var token = string(params.token)
  if params.value.kind == 'end'
    trainings->filter((name, _) => name != token)
  elseif params.value.kind == 'begin' && params.value->get('cancellable', false)
    trainings[token] = {server: server, token: params.token, value: params.value}
  elseif trainings->has_key(token)
    trainings[token].value->extend(params.value)
    redraw
    echo printf('%.*S', v:echospace, $'Foretype: {FormatProgress(trainings[token])}')
  endif
  redrawstatus
enddef

def FormatProgress(training: dict<any>): string
  var detail = training.value->get('message', '')
  return $'training {training.value->get("percentage", 0)} %' .. (detail == '' ? '' : ', ' .. detail)
enddef

# Cancel all trainings; return whether there were any.
export def CancelTraining(): bool
  for training in trainings->values()
    Notify(training.server, 'window/workDoneProgress/cancel', {token: training.token})
  endfor
  return !trainings->empty()
enddef

def Log(line: string)
  stderr_lines->add(line)
  if len(stderr_lines) > MAX_STDERR_LINES
    stderr_lines->remove(0)
  endif
enddef

def OnExit(server: dict<any>, status: number)
  if servers->get(server.root, {}) is server
    servers->remove(server.root)
    trainings->filter((_, training) => training.server isnot server)
    doautocmd <nomodeline> User ForetypeEnded
    StartAgain(server.root, status)
  endif
enddef

# Start a server again that has ended by itself, unless that happens again and again. Show the first end and the last.
def StartAgain(root: string, status: number)
  Log($'the server ended with status {status}')
  var now = localtime()
  ends[root] = ends->get(root, [])->filter((_, time) => now - time < RESTART_PERIOD)->add(now)
  var count = len(ends[root])
  if count > MAX_RESTARTS
    Fail('the server keeps ending: :Foretype log')
    return
  endif
  if count == 1
    Warn('the server ended; it starts again')
  endif
  restarts[root] = timer_start(RESTART_DELAY * (1 << (count - 1)), (_) => {
    restarts->remove(root)
    doautocmd <nomodeline> User ForetypeRestart
  })
enddef

# Shut down all servers, and clear the error.
export def StopAll()
  for timer in restarts->values()
    timer_stop(timer)
  endfor
  restarts = {}
  ends = {}
  var stopping = servers->values()
  servers = {}
  trainings = {}
  error = ''
  for server in stopping
    WriteAndWait(server, {method: 'shutdown'}, SHUTDOWN_TIMEOUT)
    Write(server, {method: 'exit'})
  endfor
enddef

export def PathToUri(path: string): string
  var slashed = has('win32') ? '/' .. path->substitute('\\', '/', 'g') : path
  var quoted = ''
  for i in range(strlen(slashed))
    var byte = strpart(slashed, i, 1)
    quoted ..= byte =~ '[A-Za-z0-9/._~:-]' ? byte : printf('%%%02X', char2nr(byte))
  endfor
  return 'file://' .. quoted
enddef
