vim9script

# The completion menu: 'completefunc', opened with CTRL-X CTRL-U.

import autoload './document.vim'
import autoload './server.vim'
import autoload './smart_space.vim'

var items: list<dict<any>> = []

export def Complete(find_start: number, base: string): any
  if find_start
    items = RequestItems()
    return items->empty() ? -3 : items[0].textEdit.range.start.character
  endif
  return items->mapnew((i, item) => ({
    word: item.textEdit.newText, abbr: item.label, menu: '[Foretype]', dup: 1, user_data: $'foretype {i}',
  }))
enddef

def RequestItems(): list<any>
  var attached = document.Get(bufnr())
  if attached->empty()
    return []
  endif
  return server.RequestSync(attached.server, 'textDocument/completion', document.AtCursor(attached))->get('items', [])
enddef

# Report the accepted item to the server.
export def OnCompleteDone()
  var data = v:completed_item->get('user_data', '')
  var attached = document.Get(bufnr())
  if data->type() == v:t_string && data =~ '^foretype \d\+$' && !attached->empty()
    var command = items[data->matchstr('\d\+')->str2nr()].command
    server.Execute(attached.server, command.command, command.arguments)
    var word = v:completed_item.word
    smart_space.OnAccept(word, line('.'), col('.') - strlen(word))
  endif
enddef
