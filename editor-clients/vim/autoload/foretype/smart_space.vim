vim9script

# Takes the space at the end of an accepted suggestion back when punctuation, a space or a line end is typed next.

const CLOSING = '[,.;:!?)\]} ]'

# The accepted space: its buffer, its line, its column, and the line before it. {} if there is none.
var accepted: dict<any> = {}

# Handle a suggestion that is accepted at a position, where `text` has been inserted, or is about to be.
export def OnAccept(text: string, line: number, column: number)
  accepted = {}
  if text !~ ' $'
    return
  endif
  var lines = text->split("\n", true)
  var start = len(lines) == 1 ? getline(line)->strpart(0, column - 1) : ''
  accepted = {
    buffer: bufnr(), line: line + len(lines) - 1, column: strlen(start) + strlen(lines[-1]),
    before: start .. lines[-1],
  }
enddef

# After a change: take the space back if the typed text stands right after a word.
export def OnTextChanged()
  if accepted->empty() || (accepted.buffer == bufnr() && [line('.'), col('.')] == [accepted.line, accepted.column + 1])
    return # only the suggestion itself has been inserted
  endif
  var place = accepted
  accepted = {}
  if place.buffer == bufnr() && IsToBeTaken(place)
    var line = getline(place.line)
    var column = col('.') - (line('.') == place.line ? 1 : 0)
    setline(place.line, strpart(line, 0, place.column - 1) .. strpart(line, place.column))
    cursor(line('.'), column)
  endif
enddef

def IsToBeTaken(place: dict<any>): bool
  var line = getline(place.line)
  if line[place.column - 1 : place.column - 1] != ' '
    return false
  elseif line('.') == place.line
    return col('.') > place.column + 1 && FollowsWord(line->strpart(place.column, 1), place.before)
  endif
  return line('.') == place.line + 1 && strlen(line) == place.column
enddef

def FollowsWord(character: string, before: string): bool
  # A quote that closes one follows a word.
  return character =~ '["'']' ? count(before, character) % 2 == 1 : character =~ CLOSING
enddef

export def Forget()
  accepted = {}
enddef
