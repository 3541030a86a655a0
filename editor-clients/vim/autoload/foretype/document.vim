vim9script

# The buffers that are served, and how the server follows what is done to them.

import autoload './server.vim'

const ROOT_MARKERS = ['.git', '.hg', '.jj', '.svn']

# By buffer: its server, URI, language and version, and the listener that tells of its changes.
var attached: dict<dict<any>> = {}

export def Enabled(): bool
  return get(g:, 'foretype_enabled', true)
enddef

# What is known of a buffer that is served; {} of any other.
export def Of(buffer: number): dict<any>
  return attached->get(buffer, {})
enddef

# Whether the buffer is text that somebody writes: a file, or one to be.
def IsText(buffer: number): bool
  return bufloaded(buffer) && getbufvar(buffer, '&buftype') == '' && getbufvar(buffer, '&modifiable')
enddef

export def Attach(buffer: number)
  if !Enabled() || !IsText(buffer)
    return
  endif
  var path = bufname(buffer) == '' ? '' : fnamemodify(bufname(buffer), ':p')
  var uri = path == '' ? $'untitled:Untitled-{buffer}' : server.UriOf(path)
  var root = RootOf(path)
  var language = LanguageOf(buffer)
  if attached->has_key(buffer)
    var known = attached[buffer]
    if [known.uri, known.server.root, known.language] == [uri, root, language]
      return
    endif
    Detach(buffer)
  endif
  var serving = server.For(root)
  if serving->empty()
    return
  endif
  var document = {server: serving, uri: uri, language: language, version: 1}
  attached[buffer] = document
  server.Send(serving, {method: 'textDocument/didOpen', params: {textDocument: {
    uri: uri, languageId: language, version: 1, text: Text(buffer, 1, '$'),
  }}})
  document.listener = listener_add(Changed, buffer)
  if getbufvar(buffer, '&completefunc') == ''
    setbufvar(buffer, '&completefunc', 'foretype#menu#Complete')
  endif
enddef

export def Detach(buffer: number)
  if attached->has_key(buffer)
    var document = attached->remove(buffer)
    listener_remove(document.listener)
    server.Send(document.server, {method: 'textDocument/didClose', params: {textDocument: {uri: document.uri}}})
  endif
enddef

# What a server that has ended had been serving.
export def DetachEnded()
  for [buffer, document] in attached->items()
    if job_status(document.server.job) != 'run'
      Detach(str2nr(buffer))
    endif
  endfor
enddef

export def DetachAll()
  for buffer in attached->keys()
    Detach(str2nr(buffer))
  endfor
enddef

export def Saved(buffer: number)
  if attached->has_key(buffer)
    var document = attached[buffer]
    server.Send(document.server, {method: 'textDocument/didSave', params: {textDocument: {uri: document.uri}}})
  endif
enddef

def LanguageOf(buffer: number): string
  var filetype = getbufvar(buffer, '&filetype')
  return filetype == '' || filetype == 'text' ? 'plaintext' : filetype
enddef

# The folder of the repository that a file is in; '' where there is none, and for the home folder: too much to learn from.
def RootOf(path: string): string
  if path == ''
    return ''
  endif
  for marker in ROOT_MARKERS
    var above = fnamemodify(path, ':h')->escape(' ,;') .. ';'
    var found = finddir(marker, above)
    found = found == '' ? findfile(marker, above) : found
    if found != ''
      var root = fnamemodify(found, ':p')->substitute('[\/]$', '', '')->fnamemodify(':h')
      return root == expand('~') ? '' : root
    endif
  endfor
  return ''
enddef

# Whole lines, each with its end; Vim's last line always has one too.
def Text(buffer: number, first: number, last: any): string
  return getbufline(buffer, first, last)->mapnew((_, line) => line .. "\n")->join('')
enddef

# One change is told as such. Of several, the text of the earlier ones is gone, so all of it is sent.
def Changed(buffer: number, start: number, end: number, added: number, changes: list<dict<number>>)
  if !attached->has_key(buffer)
    return
  endif
  var document = attached[buffer]
  var change: dict<any> = {text: Text(buffer, 1, '$')}
  if len(changes) == 1
    var last = end + added - 1
    var lines = last < start ? '' : Text(buffer, start, last)
    change = {range: {start: {line: start - 1, character: 0}, end: {line: end - 1, character: 0}}, text: lines}
  endif
  document.version += 1
  server.Send(document.server, {method: 'textDocument/didChange', params: {
    textDocument: {uri: document.uri, version: document.version}, contentChanges: [change],
  }})
enddef

# Where the cursor is, in the current buffer, once the server knows all that was changed there.
export def AtCursor(): dict<any>
  listener_flush()
  return {
    textDocument: {uri: attached[bufnr()].uri},
    position: {line: line('.') - 1, character: col('.') - 1},
  }
enddef
