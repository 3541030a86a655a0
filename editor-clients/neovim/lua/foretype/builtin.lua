--- Ghost text by |lsp-inline_completion| of Neovim 0.12, which shows it and asks for it.

local inline = require("foretype.inline")

local M = {}

--- Milliseconds until Neovim is thought to be too busy to run what it has scheduled.
local PATIENCE = 1000

--- Has Neovim ask, which it does only when the cursor moves.
local function ask(bufnr)
  if inline.is_inserting(bufnr) then
    vim.api.nvim_exec_autocmds("CursorMovedI", { buffer = bufnr, modeline = false })
  end
end

function M.attach(_, bufnr)
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  -- The user may be typing already. Neovim begins in what it schedules after LspAttach: this comes after that.
  vim.schedule(vim.schedule_wrap(function()
    ask(bufnr)
  end))
end

function M.detach(_, _) end

--- What is left of an item where the user has typed on along it, or nil. Neovim goes on showing an item until the next
--- answer is there, and would put all of it in where it began, after which the letters typed meanwhile stand twice.
---@param item vim.lsp.inline_completion.Item
---@return string?
local function rest(bufnr, item)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local start = item.range
  if type(item.insert_text) ~= "string" or not start or start.start_row ~= row - 1 or start.start_col > col then
    return nil
  end
  local line = vim.api.nvim_buf_get_lines(bufnr, row - 1, row, true)[1]
  local typed = line:sub(start.start_col + 1, col)
  return vim.startswith(item.insert_text, typed) and item.insert_text:sub(#typed + 1) or nil
end

function M.take(bufnr, use)
  local taken, done = false, false
  local function on_accept(item)
    local client = vim.lsp.get_client_by_id(item.client_id)
    if not client or client.name ~= "foretype" then
      taken = true
      return item -- another server's: as Neovim takes it
    end
    local text = rest(bufnr, item)
    if text and text ~= "" then
      taken = true
      use({ text = text, client_id = item.client_id, command = item.command })
    end
  end
  if not vim.lsp.inline_completion.get({ bufnr = bufnr, on_accept = on_accept }) then
    return false
  end
  -- It has only scheduled that. Keys that were typed meanwhile are to come after it.
  vim.schedule(function()
    done = true
  end)
  vim.wait(PATIENCE, function()
    return done
  end, 1)
  return taken
end

return M
