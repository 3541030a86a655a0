vim9script

# The menu: for 'completefunc', which CTRL-X CTRL-U asks.

import autoload './document.vim'
import autoload './server.vim'

var items: list<dict<any>> = []
var start = 0

export def Complete(find_start: number, base: string): any
  if find_start
    items = Ask()
    start = items->empty() ? -3 : items[0].textEdit.range.start.character
    return start
  endif
  return items->mapnew((i, item) => ({
    word: item.textEdit.newText, abbr: item.label, menu: '[Foretype]', dup: 1, user_data: $'foretype {i}',
  }))
enddef

def Ask(): list<any>
  var here = document.Of(bufnr())
  if here->empty()
    return []
  endif
  return server.AskNow(here.server, 'textDocument/completion', document.AtCursor())->get('items', [])
enddef

# What was chosen is counted.
export def Done()
  var data = v:completed_item->get('user_data', '')
  var here = document.Of(bufnr())
  if data->type() == v:t_string && data =~ '^foretype \d\+$' && !here->empty()
    var command = items[data->matchstr('\d\+')->str2nr()].command
    server.Execute(here.server, command.command, command.arguments)
  endif
enddef
