" Foretype for Vim. It starts by itself once installed. See :help foretype.
if exists('g:loaded_foretype') || has('nvim')
  finish
endif
let g:loaded_foretype = 1

if !has('patch-9.0.0185') || !has('job') || !has('textprop') || !has('vim9script')
  echohl WarningMsg
  echomsg 'Foretype needs Vim 9.0.0185 or later with +job and +textprop. Update Vim, or remove the plugin.'
  echohl None
  finish
endif

highlight default ForetypeGhost ctermfg=244 guifg=#808080
command -nargs=+ -bang -complete=customlist,foretype#commands#Complete Foretype call foretype#commands#Run(<q-args>, <bang>0)

augroup foretype
  autocmd!
  autocmd BufWinEnter,FileType,InsertEnter,BufFilePost,BufWritePost * call foretype#document#Attach(str2nr(expand('<abuf>')))
  autocmd BufWritePost * call foretype#document#OnSave(str2nr(expand('<abuf>')))
  autocmd BufUnload * call foretype#document#Detach(str2nr(expand('<abuf>')))
  autocmd TextChangedI * call foretype#ghost#OnTextChanged()
  autocmd InsertLeave,TextChangedP * call foretype#ghost#Hide()
  autocmd InsertLeave * call foretype#smart_space#Forget()
  autocmd ModeChanged [iR]*:n* call foretype#ghost#OnInsertModeLeft()
  autocmd CursorMovedI * call foretype#ghost#OnCursorMoved()
  autocmd OptionSet paste call foretype#ghost#Hide()
  autocmd CompleteDone * call foretype#menu#OnCompleteDone()
  autocmd User ForetypeReady call foretype#ghost#OnTextChanged()
  autocmd User ForetypeEnded call foretype#ghost#Hide() | call foretype#document#DetachEnded()
  autocmd User ForetypeRestart call foretype#document#AttachAll()
  autocmd VimLeavePre * call foretype#server#StopAll()
augroup END
