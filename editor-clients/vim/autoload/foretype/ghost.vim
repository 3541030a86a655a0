vim9script

# Ghost text: requested at each change, shown after the cursor, accepted whole or in part.

import autoload './document.vim'
import autoload './server.vim'
import autoload './smart_space.vim'

const TYPE = 'foretype-ghost'
const KEYS = {accept: '<Tab>', accept_word: '<C-Right>', accept_line: '<C-End>', next: '<C-Down>', previous: '<C-Up>', dismiss: '<C-]>'}
const PARTS = {
  accept: '^\_.*',
  accept_word: '^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)\?',
  accept_line: '^\n\?[^\n]*',
}

# The ghost text: its buffer, line and column, its text, and the command that reports acceptance. {} if none is shown.
var ghost: dict<any> = {}

# The user's mappings that this plugin's keys replace while ghost text is shown, by key.
var shadowed: dict<any> = {}

# The number of the newest request: responses to earlier ones are dropped.
var newest_request = 0

export def Shown(): string
  return ghost->get('text', '')
enddef

# After a change: keep the rest of the ghost text, and request it anew.
export def OnTextChanged()
  smart_space.OnTextChanged()
  var rest = Rest()
  Hide()
  var attached = document.Get(bufnr())
  if attached->empty() || mode() !~ '^[iR]' || reg_recording() != '' || pumvisible() || &paste
    return
  endif
  if rest->has_key('text')
    Show(rest)
  endif
  RequestGhost(attached)
enddef

def RequestGhost(attached: dict<any>)
  newest_request += 1
  var request = newest_request
  var tick = b:changedtick
  var params = document.AtCursor(attached)->extend({context: {triggerKind: 2}})
  server.Request(attached.server, 'textDocument/inlineCompletion', params, (result) => {
    var is_newest = request == newest_request && b:changedtick == tick && document.Get(bufnr()) is attached
    # The server answers a superseded request with an empty result: ignore that.
    if is_newest && mode() =~ '^[iR]' && !pumvisible()
      OnResult(result, params.position)
    endif
  })
enddef

def OnResult(result: any, position: dict<number>)
  if [line('.'), col('.')] != [position.line + 1, position.character + 1]
    return
  endif
  var items = result->type() == v:t_dict ? result.items : []
  Hide()
  if !items->empty()
    Show({buffer: bufnr(), line: line('.'), column: col('.'), text: items[0].insertText, command: items[0].command})
  endif
enddef

# Return the ghost text without the characters typed along it; {} if other text was typed.
def Rest(): dict<any>
  if ghost->empty() || ghost.buffer != bufnr() || ghost.line != line('.') || col('.') <= ghost.column
    return {}
  endif
  var typed = getline('.')->strpart(ghost.column - 1, col('.') - ghost.column)
  if ghost.text->stridx(typed) != 0 || typed == ghost.text
    return {}
  endif
  # The alternatives are for another place.
  var rest = ghost->copy()->filter((name, _) => name != 'items' && name != 'index')
  return rest->extend({column: col('.'), text: ghost.text->strpart(strlen(typed))})
enddef

def Show(new: dict<any>)
  if prop_type_get(TYPE)->empty()
    prop_type_add(TYPE, {highlight: 'ForetypeGhost', priority: 100})
  endif
  ghost = new
  var lines = new.text->split("\n", true)->mapnew((_, line) => line->substitute("\t", repeat(' ', &tabstop), 'g'))
  if lines[0] != ''
    prop_add(new.line, new.column, {type: TYPE, text: lines[0]})
  endif
  for line in lines[1 :]
    prop_add(new.line, 0, {type: TYPE, text: line == '' ? ' ' : line, text_align: 'below'})
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

# CTRL-C leaves insert mode without InsertLeave and without a redraw.
export def OnInsertModeLeft()
  if !ghost->empty()
    Hide()
    redraw
  endif
enddef

# Hide the ghost text if the cursor has moved without typing.
export def OnCursorMoved()
  if !ghost->empty() && Rest()->empty() && [ghost.line, ghost.column] != [line('.'), col('.')]
    Hide()
  endif
enddef

# Map the keys, which is done only while ghost text is shown.
def Map()
  var chosen = get(g:, 'foretype_keys', {})
  var keys: dict<any> = chosen->type() == v:t_dict ? KEYS->extendnew(chosen) : {}
  for [name, key] in keys->items()
    if key != ''
      shadowed[key] = maparg(key, 'i', false, true)
      execute $'inoremap <buffer> <nowait> <silent> <expr> {key} foretype#ghost#Accept("{name}")'
    endif
  endfor
enddef

def Unmap()
  for [key, mapping] in shadowed->items()
    if bufnr() == ghost.buffer
      execute $'silent! iunmap <buffer> {key}'
      if mapping->get('buffer', 0)
        mapset('i', false, mapping)
      endif
    endif
  endfor
  shadowed = {}
enddef

# Return the keys that insert the ghost text or a part of it, for <expr> mappings; '' if none is shown.
export def Accept(part: string): string
  if part == 'dismiss' || ghost->empty()
    timer_start(0, (_) => Hide())
    return ''
  elseif part == 'next' || part == 'previous'
    timer_start(0, (_) => ShowAlternative(part == 'next' ? 1 : -1))
    return ''
  endif
  var text = ghost.text->matchstr(PARTS[part])
  smart_space.OnAccept(text, ghost.line, ghost.column)
  ReportAccepted(text) # hides the ghost text if the server turns out to have ended
  return "\<C-G>u" .. Pasted(text)
enddef

# Return the keys that insert a text as a terminal pastes it: unchanged, and repeated by `.`, which a register is not.
def Pasted(text: string): string
  if &t_PE == ''
    &t_PE = "\<Esc>[201~" # else Vim takes all later keys for pasted text
  endif
  return "\<PasteStart>" .. text .. &t_PE
enddef

# Show another ghost text in the place of the one shown; the first time, request all of them.
def ShowAlternative(step: number)
  if ghost->empty()
    return
  elseif ghost->has_key('items')
    ShowItem(ghost.index + step)
    return
  endif
  newest_request += 1
  var request = newest_request
  var tick = b:changedtick
  var shown = ghost
  var attached = document.Get(bufnr())
  var params = document.AtCursor(attached)->extend({context: {triggerKind: 1}})
  server.Request(attached.server, 'textDocument/inlineCompletion', params, (result) => {
    var items = result->type() == v:t_dict ? result.items : []
    if request == newest_request && ghost is shown && b:changedtick == tick && !items->empty()
      ghost.items = items
      ShowItem(step)
    endif
  })
enddef

# Show an item of the alternatives, counted from 0; beyond the last, the first.
def ShowItem(number: number)
  var other = ghost->copy()
  other.index = (number + len(ghost.items)) % len(ghost.items)
  var item = ghost.items[other.index]
  other->extend({text: item.insertText, command: item.command})
  Hide()
  Show(other)
enddef

def ReportAccepted(text: string)
  var argument = ghost.command.arguments[0]->extendnew({characters: strcharlen(text)})
  server.Execute(document.Get(ghost.buffer).server, ghost.command.command, [argument])
enddef
