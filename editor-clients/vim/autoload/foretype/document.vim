vim9script

# The attached buffers: opening, changes and closing, as the server learns of them.

import autoload './server.vim'

const ROOT_MARKERS = ['.git', '.hg', '.jj', '.svn']

# By buffer: its server, URI, language and version, and the listener for its changes.
var attached: dict<dict<any>> = {}

export def Enabled(): bool
  return get(g:, 'foretype_enabled', true)
enddef

# Return the state of an attached buffer; {} for any other.
export def Get(buffer: number): dict<any>
  return attached->get(buffer, {})
enddef

# Return whether the buffer is a text file, or text that may become one.
def IsText(buffer: number): bool
  return bufloaded(buffer) && getbufvar(buffer, '&buftype') == '' && getbufvar(buffer, '&modifiable')
enddef

export def Attach(buffer: number)
  if !Enabled() || !IsText(buffer)
    return
  endif
  var path = bufname(buffer) == '' ? '' : fnamemodify(bufname(buffer), ':p')
  var uri = path == '' ? $'untitled:Untitled-{buffer}' : server.PathToUri(path)
  var root = FindRoot(path)
  var language = LanguageId(buffer)
  if attached->has_key(buffer)
    var known = attached[buffer]
    if [known.uri, known.server.root, known.language] == [uri, root, language]
      return
    endif
    Detach(buffer)
  endif
  var its_server = server.GetOrStart(root)
  if !its_server->empty()
    Open(buffer, {server: its_server, uri: uri, language: language, version: 1})
  endif
enddef

def Open(buffer: number, document: dict<any>)
  attached[buffer] = document
  document.listener = listener_add(OnChange, buffer)
  server.Notify(document.server, 'textDocument/didOpen', {textDocument: {
    uri: document.uri, languageId: document.language, version: document.version, text: Text(buffer, 1, '$'),
  }})
  if getbufvar(buffer, '&completefunc') == ''
    setbufvar(buffer, '&completefunc', 'foretype#menu#Complete')
  endif
enddef

export def Detach(buffer: number)
  if attached->has_key(buffer)
    var document = attached->remove(buffer)
    listener_remove(document.listener)
    server.Notify(document.server, 'textDocument/didClose', {textDocument: {uri: document.uri}})
  endif
enddef

# Detach the buffers of servers that have ended.
export def DetachEnded()
  for [buffer, document] in attached->items()
    if job_status(document.server.job) != 'run'
      Detach(str2nr(buffer))
    endif
  endfor
enddef

# Attach all buffers that are loaded.
export def AttachAll()
  for buffer in getbufinfo({bufloaded: true})
    Attach(buffer.bufnr)
  endfor
enddef

export def DetachAll()
  for buffer in attached->keys()
    Detach(str2nr(buffer))
  endfor
enddef

export def OnSave(buffer: number)
  if attached->has_key(buffer)
    var document = attached[buffer]
    server.Notify(document.server, 'textDocument/didSave', {textDocument: {uri: document.uri}})
  endif
enddef

def LanguageId(buffer: number): string
  var filetype = getbufvar(buffer, '&filetype')
  return filetype == '' || filetype == 'text' ? 'plaintext' : filetype
enddef

# Return the folder of the repository that contains a file; '' if there is none. Also '' for the home folder, which is
# too much to learn from.
def FindRoot(path: string): string
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

# Return whole lines, each with its newline; Vim's last line always has one too.
def Text(buffer: number, first: number, last: any): string
  return getbufline(buffer, first, last)->mapnew((_, line) => Plain(line) .. "\n")->join('')
enddef

# Return a line without characters that would end it for the server: a NUL, which Vim's strings have as a newline, and a
# carriage return, except at its end. A space is as long.
def Plain(line: string): string
  return line =~ '[\n\r]' ? line->substitute('\n\|\r\ze.', ' ', 'g') : line
enddef

# Send one change as a range. Of several, the text of the earlier ones is gone, so send the whole buffer.
def OnChange(buffer: number, start: number, end: number, added: number, changes: list<dict<number>>)
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
  server.Notify(document.server, 'textDocument/didChange', {
    textDocument: {uri: document.uri, version: document.version}, contentChanges: [change],
  })
enddef

# Return the cursor of the current buffer as request parameters, after its pending changes have been sent. Its server may
# turn out to have ended meanwhile; then the buffer is no longer attached.
export def AtCursor(document: dict<any>): dict<any>
  listener_flush()
  return {
    textDocument: {uri: document.uri},
    position: {line: line('.') - 1, character: col('.') - 1},
  }
enddef
