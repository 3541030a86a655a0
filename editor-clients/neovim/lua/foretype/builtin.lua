--- Ghost text by |lsp-inline_completion| of Neovim 0.12, which requests and shows it.

local inline = require("foretype.inline")

local M = {}

--- Milliseconds to wait for the callbacks that Neovim has scheduled.
local ACCEPT_TIMEOUT = 1000

--- Make Neovim send a request, which it does only when the cursor moves.
local function request(bufnr)
  if inline.is_inserting(bufnr) then
    vim.api.nvim_exec_autocmds("CursorMovedI", { buffer = bufnr, modeline = false })
  end
end

function M.attach(_, bufnr)
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  -- The user may be typing already. Neovim starts in a callback that it schedules after LspAttach: run after that.
  vim.schedule(vim.schedule_wrap(function()
    request(bufnr)
  end))
end

function M.detach(_, _) end

--- Return the item's text without the characters typed along it, or nil if other text was typed. Neovim shows an item
--- until the next response arrives, and would insert all of it at its start, which doubles the characters typed since.
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

--- Return Neovim's state of the ghost text in a buffer, which has no public function for requests.
local function completor(bufnr)
  local found, capability = pcall(require, "vim.lsp._capability")
  local class = found and capability.all and capability.all.inline_completion
  local one = class and class.active and class.active[bufnr]
  return one and one.current and one.client_state and one.select and one or nil
end

function M.alternative(bufnr, step)
  local one = completor(bufnr)
  local client = one and vim.lsp.get_client_by_id(one.current.client_id)
  if not one or not client or client.name ~= "foretype" then
    return false
  end
  local state = one.client_state[client.id]
  if state.items and #state.items > 1 then
    vim.lsp.inline_completion.select({ bufnr = bufnr, count = step })
    return true
  end
  inline.request_alternatives(client, bufnr, function(items)
    state.items = items
    one:select(step > 0 and math.min(2, #items) or #items, true)
  end)
  return true
end

function M.accept(bufnr, on_accept)
  local accepted, done = false, false
  local function on_item(item)
    local client = vim.lsp.get_client_by_id(item.client_id)
    if not client or client.name ~= "foretype" then
      accepted = true
      return item -- another server's: Neovim inserts it
    end
    local text = rest(bufnr, item)
    if text and text ~= "" then
      accepted = true
      on_accept({ text = text, client_id = item.client_id, command = item.command })
    end
  end
  if not vim.lsp.inline_completion.get({ bufnr = bufnr, on_accept = on_item }) then
    return false
  end
  -- Neovim has only scheduled the callback. Wait, so that keys typed meanwhile come after the text.
  vim.schedule(function()
    done = true
  end)
  vim.wait(ACCEPT_TIMEOUT, function()
    return done
  end, 1)
  return accepted
end

return M
