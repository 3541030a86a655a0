--- Takes the space at the end of an accepted suggestion back when punctuation, a space or a line end is typed next.

local M = {}

local namespace = vim.api.nvim_create_namespace("foretype.smart_space")

--- The accepted space: its buffer, its mark, and the line before it.
---@type { bufnr: integer, mark: integer, before: string }?
local accepted = nil

local function forget()
  if accepted and vim.api.nvim_buf_is_valid(accepted.bufnr) then
    vim.api.nvim_buf_del_extmark(accepted.bufnr, namespace, accepted.mark)
  end
  accepted = nil
end

--- Return whether the character stands right after a word.
---@param character string
---@param before string The line before the space.
local function follows_word(character, before)
  if character == '"' or character == "'" then
    local _, count = before:gsub(character, "")
    return count % 2 == 1 -- it closes a quotation
  end
  return character:match("[,.;:!?)%]} ]") ~= nil
end

--- Return whether the typed text stands right after a word: it begins at the column of a line, and the cursor is after it.
local function is_to_be_taken(row, col, before)
  local line = vim.api.nvim_buf_get_lines(accepted.bufnr, row, row + 1, false)[1] or ""
  local cursor = vim.api.nvim_win_get_cursor(0)
  if line:sub(col + 1, col + 1) ~= " " then
    return false
  elseif cursor[1] - 1 == row then
    return cursor[2] > col + 1 and follows_word(line:sub(col + 2, col + 2), before)
  end
  return cursor[1] - 1 == row + 1 and #line == col + 1
end

local function on_change()
  if not accepted or vim.api.nvim_get_current_buf() ~= accepted.bufnr then
    forget()
    return
  end
  local row, col = unpack(vim.api.nvim_buf_get_extmark_by_id(accepted.bufnr, namespace, accepted.mark, {}))
  local cursor = vim.api.nvim_win_get_cursor(0)
  if row and cursor[1] - 1 == row and cursor[2] == col + 1 then
    return -- only the suggestion itself has been inserted
  end
  if row and is_to_be_taken(row, col, accepted.before) then
    pcall(vim.cmd.undojoin) -- not possible right after an undo
    vim.api.nvim_buf_set_text(accepted.bufnr, row, col, row, col + 1, {})
  end
  forget()
end

--- Handle an accepted suggestion, whose text has just been inserted before the cursor.
---@param text string
function M.on_accept(text)
  forget()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local before = vim.api.nvim_get_current_line():sub(1, col)
  if text:sub(-1) == " " and before:sub(-1) == " " then
    local mark = vim.api.nvim_buf_set_extmark(0, namespace, row - 1, col - 1, { right_gravity = false })
    accepted = { bufnr = vim.api.nvim_get_current_buf(), mark = mark, before = before }
  end
end

--- Start watching the buffer for typed text.
---@param bufnr integer
function M.attach(bufnr)
  local group = vim.api.nvim_create_augroup("foretype.smart_space." .. bufnr, {})
  vim.api.nvim_create_autocmd({ "TextChangedI", "TextChangedP" }, {
    group = group,
    buffer = bufnr,
    callback = on_change,
  })
  vim.api.nvim_create_autocmd("InsertLeave", { group = group, buffer = bufnr, callback = forget })
  vim.api.nvim_create_autocmd("CompleteDone", {
    group = group,
    buffer = bufnr,
    callback = function()
      local word = vim.v.completed_item.word
      vim.schedule(function() -- after the edit of the item
        M.on_accept(word or "")
      end)
    end,
  })
end

---@param bufnr integer
function M.detach(bufnr)
  forget()
  pcall(vim.api.nvim_del_augroup_by_name, "foretype.smart_space." .. bufnr)
end

return M
