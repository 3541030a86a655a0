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
    server.Warn($'there is no :Foretype {name}, but {COMMANDS->keys()->sort()->join(", ")}')
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

# Runs a command of the server's, for the current buffer.
def Execute(command: string, arguments: list<any>, OnResult: func(any))
  var here = document.Of(bufnr())
  if here->empty()
    server.Warn(server.Trouble() == '' ? 'this buffer is not served: it is no text file, or Foretype is disabled' : server.Trouble())
  elseif !here.server.ready
    server.Warn(server.Trouble() == '' ? 'the server is still starting' : server.Trouble())
  elseif ch_status(here.server.channel) != 'open'
    server.Warn('the server listens no more: see :Foretype log, :Foretype restart')
  else
    server.Execute(here.server, command, arguments, OnResult)
  endif
enddef

def Percent(probability: float): string
  return printf(probability < 0.1 ? '%.1f %%' : '%.0f %%', 100 * probability)
enddef

def Status()
  Execute('foretype.status', [], (result) => {
    var taken = result.accepted.ghost + result.accepted.word + result.accepted.character
    echo $'Foretype {result.version}{result.loading ? ", still loading" : ""}: {result.predictors->join(", ")}'
    echo $'model: {result.model ?? "none"}'
    echo $'taken in this session: {taken} offers, {result.accepted.characters} characters'
    for problem in result.problems
      echo $'problem: {problem}'
    endfor
  })
enddef

def Quoted(text: string): string
  return '"' .. text->substitute("\n", '↵', 'g') .. '"'
enddef

def Explain()
  if document.Of(bufnr())->empty()
    Execute('foretype.explain', [], server.Ignore)
    return
  endif
  var asked = document.AtCursor()
  if mode() == 'n' && col('.') <= col('$') - 1
    # Where one would go on writing, as with `a`.
    asked.position.character += strlen(getline('.')->strpart(col('.') - 1)->strcharpart(0, 1))
  endif
  Execute('foretype.explain', [{uri: asked.textDocument.uri, position: asked.position}], (result) => {
    if result->type() != v:t_dict
      echo 'Foretype: nothing is offered here'
    else
      popup_atcursor(Explanation(result), {border: [], padding: [0, 1, 0, 1]})
    endif
  })
enddef

def Explanation(result: dict<any>): list<string>
  var lines = [$'{Quoted(result.text)}  {Percent(result.probability)}']
  for [name, share] in result.shares->items()->sort()
    lines->add($'  {name}: {Percent(share)} of it')
  endfor
  for source in result.sources
    lines->add($'  {source.where}: {source.excerpt->substitute("\\_s\\+", " ", "g")->trim()}')
  endfor
  for other in result.candidates->copy()->filter((_, one) => one.text != result.text)
    lines->add($'or {Quoted(other.text)}  {Percent(other.probability)}')
  endfor
  return lines
enddef

# A file or folder where there is one of that name, or else a word.
def Forget(given: string, at_once: bool)
  var what = given == '' ? expand('<cword>') : given
  var path = fnamemodify(expand(what), ':p')
  var argument = filereadable(path) || isdirectory(path) ? {path: path} : {word: what}
  var named = argument->get('path', $'the word "{what}"')
  if what == ''
    server.Warn('forget what? Give a word, a file or a folder')
  elseif at_once || confirm($'Forget {named} for good?', "&Forget\n&Keep", 2) == 1
    Execute('foretype.forget', [argument], (result) => {
      echomsg $'Foretype: {named} is forgotten: {len(result.files)} files, {result.bytes} bytes, {result.occurrences} occurrences'
    })
  endif
enddef

def Train(what: string)
  if what != 'cancel'
    Execute('foretype.train', what == '' ? [] : [{paths: [fnamemodify(expand(what), ':p')]}], (_) => {
      echo 'Foretype: a training has begun; :Foretype train cancel ends it'
    })
  elseif !server.CancelTraining()
    server.Warn('no training is under way')
  endif
enddef

def Statistics()
  var lines: list<string> = []
  job_start([server.Program(), 'stats'], {
    out_cb: (_, line) => lines->add(line),
    err_cb: (_, line) => lines->add(line),
    close_cb: (_) => Window('statistics', lines),
  })
enddef

# A window with lines that are nobody's text.
def Window(name: string, lines: list<string>)
  botright new
  resize 12
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted
  setline(1, lines->empty() ? ['(nothing)'] : lines)
  setlocal nomodifiable
  execute $'silent file [Foretype\ {name}]'
enddef

def Enable(wanted: bool)
  g:foretype_enabled = wanted
  if wanted
    document.Attach(bufnr())
  else
    ghost.Hide()
    document.DetachAll()
    server.StopAll()
  endif
enddef

def Restart()
  Enable(false)
  Enable(true)
enddef

# Last: what they call has to be there.
const COMMANDS: dict<func(string, bool)> = {
  status: (_, _) => Status(),
  explain: (_, _) => Explain(),
  forget: (what, at_once) => Forget(what, at_once),
  train: (what, _) => Train(what),
  statistics: (_, _) => Statistics(),
  enable: (_, _) => Enable(true),
  disable: (_, _) => Enable(false),
  restart: (_, _) => Restart(),
  log: (_, _) => Window('log', server.Errors()),
}
