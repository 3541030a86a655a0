vim9script

# The servers, one for each workspace: how they are started, what they are asked, and what is said once one is gone.

const PATIENCE = 500
const ERRORS_KEPT = 200

# By the workspace's folder; '' for files that are in none.
var servers: dict<dict<any>> = {}

# Why no server is started any more, until :Foretype restart; '' while all is well.
var trouble = ''

# What the servers have written on their standard error, and how far what takes long is.
var errors: list<string> = []
var progress: dict<dict<any>> = {}

export def Warn(text: string)
  echohl WarningMsg
  echomsg 'Foretype: ' .. text
  echohl None
enddef

export def Trouble(): string
  return trouble
enddef

export def Errors(): list<string>
  return copy(errors)
enddef

# How far a training is, for a status line; '' where there is none.
export def Progress(): string
  return progress->values()->mapnew((_, one) => Told(one))->join(' ')
enddef

export def Program(): string
  return expand(get(g:, 'foretype_program', 'foretype'))
enddef

# Said once: what follows for the next buffer is the same. What is typed wipes it away, so that it is said again after.
def GiveUp(why: string)
  if trouble == ''
    trouble = why
    Warn(why)
    if mode() =~ '^[iR]'
      autocmd foretype ModeChanged [iR]*:n* ++once timer_start(0, (_) => Repeat())
    endif
  endif
enddef

def Repeat()
  if trouble != ''
    Warn(trouble)
  endif
enddef

# The server for a workspace, started where there is none; {} where that cannot be done.
export def For(root: string): dict<any>
  if trouble != ''
    return {}
  elseif servers->has_key(root)
    return servers[root]
  elseif &encoding != 'utf-8'
    GiveUp('Vim has to work in UTF-8; put "set encoding=utf-8" into your vimrc')
    return {}
  elseif !executable(Program())
    GiveUp($'there is no program "{Program()}"; install it, or name its path in g:foretype_program')
    return {}
  endif
  servers[root] = Start(root)
  return trouble == '' ? servers[root] : {}
enddef

def Start(root: string): dict<any>
  var server: dict<any> = {root: root, ready: false, waiting: []}
  server.job = job_start([Program(), 'serve'], {
    in_mode: 'lsp',
    out_mode: 'lsp',
    err_mode: 'nl',
    noblock: 1,
    out_cb: (_, message) => OnMessage(server, message),
    err_cb: (_, line) => OnError(line),
    exit_cb: (_, status) => OnExit(server, status),
  })
  if job_status(server.job) == 'fail'
    GiveUp($'"{Program()}" cannot be started; name another in g:foretype_program')
    return server
  endif
  server.channel = job_getchannel(server.job)
  var uri = root == '' ? null : UriOf(root)
  ch_sendexpr(server.channel, {method: 'initialize', params: {
    processId: getpid(),
    clientInfo: {name: 'Vim', version: $'{v:versionlong}'},
    rootUri: uri,
    workspaceFolders: root == '' ? null : [{uri: uri, name: fnamemodify(root, ':t')}],
    initializationOptions: get(g:, 'foretype_settings', {}),
    capabilities: {
      general: {positionEncodings: ['utf-8']},
      window: {workDoneProgress: true},
      textDocument: {inlineCompletion: {}, synchronization: {didSave: true}},
    },
  }}, {callback: (_, answer) => OnInitialized(server, answer)})
  return server
enddef

def OnInitialized(server: dict<any>, answer: dict<any>)
  if answer->has_key('error')
    GiveUp('the server refused to start: ' .. answer.error.message)
    return
  endif
  server.ready = true
  Send(server, {method: 'initialized', params: {}})
  for message in server.waiting
    Send(server, message)
  endfor
  server.waiting = []
  # What was typed until now has gone without an answer.
  doautocmd <nomodeline> User ForetypeReady
enddef

# A notification, or an answer; what comes before the server is ready waits until it is.
export def Send(server: dict<any>, message: dict<any>)
  if server.ready
    if ch_status(server.channel) == 'open'
      ch_sendexpr(server.channel, message)
    endif
  else
    server.waiting->add(message)
  endif
enddef

# A request; OnResult(result) is called with what comes back, unless that is an error.
export def Ask(server: dict<any>, method: string, params: dict<any>, OnResult: func(any))
  if server.ready && ch_status(server.channel) == 'open'
    ch_sendexpr(server.channel, {method: method, params: params}, {callback: (_, answer) => {
      if answer->has_key('error')
        Warn(answer.error.message)
      else
        OnResult(answer->get('result', null))
      endif
    }})
  endif
enddef

# A request that is waited for; {} where no answer comes in time.
export def AskNow(server: dict<any>, method: string, params: dict<any>): dict<any>
  if !server.ready || ch_status(server.channel) != 'open'
    return {}
  endif
  var answer = ch_evalexpr(server.channel, {method: method, params: params}, {timeout: 4 * PATIENCE})
  return answer->type() == v:t_dict && answer->get('result', null)->type() == v:t_dict ? answer.result : {}
enddef

export def Ignore(result: any)
enddef

export def Execute(server: dict<any>, command: string, arguments: list<any>, OnResult: func(any) = Ignore)
  Ask(server, 'workspace/executeCommand', {command: command, arguments: arguments}, OnResult)
enddef

def OnMessage(server: dict<any>, message: dict<any>)
  if !message->has_key('method')
    # The answer to what is no longer waited for.
    return
  endif
  if message.method == 'window/showMessage'
    Warn(message.params.message->substitute('^Foretype: ', '', ''))
  elseif message.method == '$/progress'
    OnProgress(server, message.params)
  elseif message->has_key('id')
    # ch_sendexpr() takes numbers alone for an id.
    var answer = json_encode({jsonrpc: '2.0', id: message.id, result: null})
    ch_sendraw(server.channel, $"Content-Length: {strlen(answer)}\r\n\r\n{answer}")
  endif
enddef

def OnProgress(server: dict<any>, params: dict<any>)
  var token = string(params.token)
  if params.value.kind == 'end'
    progress->filter((name, _) => name != token)
  elseif params.value.kind == 'begin' && params.value->get('cancellable', false)
    progress[token] = {server: server, token: params.token, value: params.value}
  elseif progress->has_key(token)
    progress[token].value->extend(params.value)
    redraw
    echo 'Foretype: ' .. Told(progress[token])
  endif
  redrawstatus
enddef

def Told(one: dict<any>): string
  var detail = one.value->get('message', '')
  return $'training {one.value->get("percentage", 0)} %' .. (detail == '' ? '' : ', ' .. detail)
enddef

export def CancelTraining(): bool
  for one in progress->values()
    Send(one.server, {method: 'window/workDoneProgress/cancel', params: {token: one.token}})
  endfor
  return !progress->empty()
enddef

def OnError(line: string)
  errors->add(line)
  if len(errors) > ERRORS_KEPT
    errors->remove(0)
  endif
enddef

def OnExit(server: dict<any>, status: number)
  if servers->get(server.root, {}) is server
    servers->remove(server.root)
    GiveUp($'the server ended (status {status}): see :Foretype log, :Foretype restart')
    doautocmd <nomodeline> User ForetypeEnded
  endif
enddef

# Ends all servers, as they should be ended, and forgets what was wrong.
export def StopAll()
  var ending = servers->values()
  servers = {}
  progress = {}
  trouble = ''
  for server in ending
    if job_status(server.job) == 'run'
      ch_evalexpr(server.channel, {method: 'shutdown'}, {timeout: PATIENCE})
      ch_sendexpr(server.channel, {method: 'exit'})
    endif
  endfor
enddef

export def UriOf(path: string): string
  var slashed = has('win32') ? '/' .. path->substitute('\\', '/', 'g') : path
  var quoted = ''
  for i in range(strlen(slashed))
    var byte = strpart(slashed, i, 1)
    quoted ..= byte =~ '[A-Za-z0-9/._~:-]' ? byte : printf('%%%02X', char2nr(byte))
  endfor
  return 'file://' .. quoted
enddef
