vim9script

# The subcommands of :Foretype.

import autoload './document.vim'
import autoload './ghost.vim'
import autoload './server.vim'

export def Run(command: string, bang: bool)
  var name = command->matchstr('^\S\+')
  if COMMANDS->has_key(name)
    COMMANDS[name](command->matchstr('^\S\+\s*\zs.\{-}\ze\s*$'), bang)
  else
    server.Warn($'there is no :Foretype {name}; the subcommands are {COMMANDS->keys()->sort()->join(", ")}')
  endif
enddef

export def Complete(lead: string, line: string, _: number): list<string>
  if line =~ '^\s*\u\a*!\?\s\+forget\s'
    return getcompletion(lead, 'file')
  elseif line =~ '^\s*\u\a*!\?\s\+train\s'
    return ['cancel']->filter((_, name) => name->stridx(lead) == 0)
  endif
  return line =~ '^\s*\u\a*!\?\s\+\S\+\s' ? [] : COMMANDS->keys()->sort()->filter((_, name) => name->stridx(lead) == 0)
enddef

# Run a command of the server for the current buffer, or say why that is impossible.
def Execute(command: string, arguments: list<any>, OnResult: func(any))
  var attached = document.Get(bufnr())
  var problem = Problem(attached)
  if problem != ''
    server.Warn(problem)
  else
    server.Execute(attached.server, command, arguments, OnResult)
  endif
enddef

def Problem(attached: dict<any>): string
  if attached->empty()
    return server.Error() ?? 'this buffer is not attached: it is not a text file, or Foretype is disabled'
  elseif !attached.server.ready
    return server.Error() ?? 'the server is still starting'
  endif
  return server.IsConnected(attached.server) ? '' : 'the server is not connected: :Foretype log'
enddef

def Percent(probability: float): string
  var percent = 100 * probability
  return percent < 0.1 ? '<0.1 %' : printf(percent < 9.95 ? '%.1f %%' : '%.0f %%', percent)
enddef

var popup = 0

# Show lines beside the cursor until it moves. Messages of several lines would take the next key.
def ShowPopup(lines: list<string>)
  popup_close(popup)
  popup = popup_atcursor(lines, {border: [], padding: [0, 1, 0, 1]})
enddef

def Status()
  Execute('foretype.status', [], (result) => {
    var accepted = result.accepted
    var count = accepted.ghost + accepted.word + accepted.character
    ShowPopup([
      $'Foretype {result.version}{result.loading ? ", still loading" : ""}: {result.predictors->join(", ")}',
      $'model: {result.model ?? "none"}',
      $'suggestions accepted in this session: {count} ({accepted.characters} characters)',
    ] + result.problems->mapnew((_, problem) => $'problem: {problem}'))
  })
enddef

def Quoted(text: string): string
  return '"' .. text->substitute("\n", '↵', 'g') .. '"'
enddef

def Explain()
  var attached = document.Get(bufnr())
  if attached->empty()
    Execute('foretype.explain', [], server.Ignore)
    return
  endif
  var cursor = document.AtCursor(attached)
  if mode() == 'n' && col('.') <= col('$') - 1
    # The position after the character under the cursor, where `a` appends.
    cursor.position.character += strlen(getline('.')->strpart(col('.') - 1)->strcharpart(0, 1))
  endif
  Execute('foretype.explain', [{uri: cursor.textDocument.uri, position: cursor.position}], (result) => {
    if result->type() != v:t_dict
      server.Inform('no suggestion here')
    else
      ShowPopup(FormatExplanation(result))
    endif
  })
enddef

def FormatExplanation(result: dict<any>): list<string>
  var lines = [$'{Quoted(result.text)}  {Percent(result.probability)}']
  for [name, share] in result.shares->items()->sort((one, other) => one[1] < other[1] ? 1 : -1)
    lines->add($'  {name}: {Percent(share)} of it')
  endfor
  for source in result.sources
    lines->add($'  {source.where}: {source.excerpt->substitute("\\_s\\+", " ", "g")->trim()}')
  endfor
  for other in result.candidates->copy()->filter((_, candidate) => candidate.text != result.text)
    lines->add($'or {Quoted(other.text)}  {Percent(other.probability)}')
  endfor
  return lines
enddef

# Forget a file or folder if one has that name, else a word.
def Forget(name: string, without_asking: bool)
  var target = name == '' ? expand('<cword>') : name
  var path = fnamemodify(expand(target), ':p')
  var argument = filereadable(path) || isdirectory(path) ? {path: path} : {word: target}
  var label = argument->get('path', $'the word "{target}"')
  if target == ''
    server.Warn('name a word, a file or a folder to forget')
  elseif without_asking || confirm($'Forget {label} for good?', "&Forget\n&Keep", 2) == 1
    Execute('foretype.forget', [argument], (result) => {
      var counts = $'{len(result.files)} files, {result.bytes} bytes, {result.occurrences} occurrences'
      server.Inform($'{label} is forgotten: {counts}')
    })
  endif
enddef

def Train(path: string)
  if path != 'cancel'
    Execute('foretype.train', path == '' ? [] : [{paths: [fnamemodify(expand(path), ':p')]}], (_) => {
      server.Inform('training has started')
    })
  elseif !server.CancelTraining()
    server.Warn('no training is in progress')
  endif
enddef

def Statistics()
  var lines: list<string> = []
  job_start([server.Program(), 'stats'], {
    out_cb: (_, line) => lines->add(line),
    err_cb: (_, line) => lines->add(line),
    close_cb: (_) => ShowLines('statistics', lines),
  })
enddef

# Show lines in a scratch window.
def ShowLines(name: string, lines: list<string>)
  botright new
  resize 12
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted
  setline(1, lines->empty() ? ['(nothing)'] : lines)
  setlocal nomodifiable
  execute $'silent file [Foretype\ {name}]'
enddef

def SetEnabled(enabled: bool)
  g:foretype_enabled = enabled
  if enabled
    document.Attach(bufnr())
  else
    ghost.Hide()
    document.DetachAll()
    server.StopAll()
  endif
enddef

def Restart()
  SetEnabled(false)
  SetEnabled(true)
enddef

# At the end of the file, after the functions that it refers to.
const COMMANDS: dict<func(string, bool)> = {
  status: (_, _) => Status(),
  explain: (_, _) => Explain(),
  forget: (name, without_asking) => Forget(name, without_asking),
  train: (path, _) => Train(path),
  statistics: (_, _) => Statistics(),
  enable: (_, _) => SetEnabled(true),
  disable: (_, _) => SetEnabled(false),
  restart: (_, _) => Restart(),
  log: (_, _) => ShowLines('log', server.StderrLines()),
}
