vim9script

# Ghost text: asked for at each change, shown after the cursor, taken whole or in part.

import autoload './document.vim'
import autoload './server.vim'

const TYPE = 'foretype-ghost'
const KEYS = {accept: '<Tab>', accept_word: '<C-Right>', accept_line: '<C-End>', dismiss: '<C-]>'}
const PARTS = {
  accept: '^\_.*',
  accept_word: '^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)\?',
  accept_line: '^\n\?[^\n]*',
}

# What is shown: its buffer, line and column, its text, and the command that counts it. {} where nothing is.
var ghost: dict<any> = {}

# The mappings that ours stand before while something is shown, by key.
var hidden: dict<any> = {}

# How often ghost text was asked for.
var requests = 0

# What was taken, on its way into the buffer.
var queued = ''

export def Shown(): string
  return ghost->get('text', '')
enddef

# Something was typed: what is left of the ghost text stays, and a new one is asked for.
export def Changed()
  var left = Left()
  Hide()
  var here = document.Of(bufnr())
  if here->empty() || mode() !~ '^[iR]' || reg_recording() != '' || pumvisible()
    return
  endif
  if left->has_key('text')
    Show(left)
  endif
  requests += 1
  var request = requests
  var tick = b:changedtick
  var asked = document.AtCursor()->extend({context: {triggerKind: 2}})
  server.Ask(here.server, 'textDocument/inlineCompletion', asked, (result) => {
    # What a later request has overtaken is answered too: with nothing.
    if request == requests && mode() =~ '^[iR]' && b:changedtick == tick && document.Of(bufnr()) is here && !pumvisible()
      Answered(result, asked.position)
    endif
  })
enddef

def Answered(result: any, position: dict<number>)
  if [line('.'), col('.')] != [position.line + 1, position.character + 1]
    return
  endif
  var items = result->type() == v:t_dict ? result.items : []
  Hide()
  if !items->empty()
    Show({buffer: bufnr(), line: line('.'), column: col('.'), text: items[0].insertText, command: items[0].command})
  endif
enddef

# What is left of the ghost text after what was typed along it; {} where something else was.
def Left(): dict<any>
  if ghost->empty() || ghost.buffer != bufnr() || ghost.line != line('.') || col('.') <= ghost.column
    return {}
  endif
  var typed = getline('.')->strpart(ghost.column - 1, col('.') - ghost.column)
  if ghost.text->stridx(typed) != 0 || typed == ghost.text
    return {}
  endif
  return ghost->copy()->extend({column: col('.'), text: ghost.text->strpart(strlen(typed))})
enddef

def Show(what: dict<any>)
  if prop_type_get(TYPE)->empty()
    prop_type_add(TYPE, {highlight: 'ForetypeGhost', priority: 100})
  endif
  ghost = what
  var lines = what.text->split("\n", true)->mapnew((_, line) => line->substitute("\t", repeat(' ', &tabstop), 'g'))
  if lines[0] != ''
    prop_add(what.line, what.column, {type: TYPE, text: lines[0]})
  endif
  for line in lines[1 :]
    prop_add(what.line, 0, {type: TYPE, text: line == '' ? ' ' : line, text_align: 'below'})
  endfor
  Map()
enddef

export def Hide()
  if !ghost->empty()
    if bufloaded(ghost.buffer)
      prop_remove({type: TYPE, bufnr: ghost.buffer, all: true})
    endif
    Unmap()
    ghost = {}
  endif
enddef

# CTRL-C leaves insert mode without InsertLeave, and without drawing anew what it leaves.
export def Leave()
  if !ghost->empty()
    Hide()
    redraw
  endif
enddef

# The cursor is elsewhere, and not because something was typed.
export def Moved()
  if !ghost->empty() && Left()->empty() && [ghost.line, ghost.column] != [line('.'), col('.')]
    Hide()
  endif
enddef

# The keys are ours only while there is something to take.
def Map()
  var keys: dict<any> = get(g:, 'foretype_keys', {})->type() == v:t_dict ? KEYS->extendnew(get(g:, 'foretype_keys', {})) : {}
  for [name, key] in keys->items()
    if key != ''
      hidden[key] = maparg(key, 'i', false, true)
      execute $'inoremap <buffer> <nowait> <silent> <expr> {key} foretype#ghost#Accept("{name}")'
    endif
  endfor
enddef

def Unmap()
  for [key, before] in hidden->items()
    if bufnr() == ghost.buffer
      execute $'silent! iunmap <buffer> {key}'
      if before->get('buffer', 0)
        mapset('i', false, before)
      endif
    endif
  endfor
  hidden = {}
enddef

# The keys that insert the ghost text, or a part of it; none where nothing is shown. For mappings with <expr>.
export def Accept(part: string): string
  if part == 'dismiss' || ghost->empty()
    timer_start(0, (_) => Hide())
    return ''
  endif
  queued = ghost.text->matchstr(PARTS[part])
  Count(queued)
  return "\<C-G>u\<C-R>\<C-O>=foretype#ghost#Queued()\<CR>"
enddef

export def Queued(): string
  return queued
enddef

def Count(taken: string)
  var argument = ghost.command.arguments[0]->extendnew({characters: strcharlen(taken)})
  server.Execute(document.Of(ghost.buffer).server, ghost.command.command, [argument])
enddef
