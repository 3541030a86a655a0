--- Ghost text: the common part of the two renderers, Neovim's (0.12) and this plugin's. Accepted text is inserted as a
--- paste, which is one undo step and repeated by |.|.

local config = require("foretype.config")

local M = {}

---@class foretype.Ghost
---@field text string The text after the cursor.
---@field client_id integer
---@field command? lsp.Command Reports acceptance to the server.

---@class foretype.Renderer
---@field attach fun(client: vim.lsp.Client, bufnr: integer)
---@field detach fun(client: vim.lsp.Client, bufnr: integer)
---@field accept fun(bufnr: integer, on_accept: fun(ghost: foretype.Ghost)): boolean Hide the ghost text and pass it on.
---@field alternative fun(bufnr: integer, step: integer): boolean Show another ghost text in the place of the one shown.

--- Return whether the buffer is current and in insert mode.
---@param bufnr integer
---@return boolean
function M.is_inserting(bufnr)
  return vim.api.nvim_get_current_buf() == bufnr and vim.api.nvim_get_mode().mode:sub(1, 1) == "i"
end

---@return foretype.Renderer
local function renderer()
  return require(config.current.inline.builtin and "foretype.builtin" or "foretype.ghost")
end

local PARTS = {
  all = function(text)
    return text
  end,
  word = function(text)
    return vim.fn.matchstr(text, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\|$\)]])
  end,
  line = function(text)
    return vim.fn.matchstr(text, [[^\n\?[^\n]*]])
  end,
}

--- Report the accepted text to the server, which counts its characters.
local function report(ghost, text)
  local client = vim.lsp.get_client_by_id(ghost.client_id)
  if client and ghost.command then
    local command = vim.deepcopy(ghost.command)
    command.arguments[1].characters = vim.str_utfindex(text, "utf-32")
    client:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

function M.attach(client, bufnr)
  renderer().attach(client, bufnr)
end

function M.detach(client, bufnr)
  renderer().detach(client, bufnr)
end

--- Accept the ghost text at the cursor, or its next word or line.
---@param part "all"|"word"|"line"
---@return boolean accepted False if none is shown.
function M.accept(part)
  return renderer().accept(vim.api.nvim_get_current_buf(), function(ghost)
    local text = PARTS[part](ghost.text)
    vim.api.nvim_paste(text, false, -1)
    require("foretype.smart_space").on_accept(text)
    report(ghost, text)
  end)
end

--- Request explicitly the ghost texts at the cursor; `on_items` is called with all of them.
---@param client vim.lsp.Client
---@param bufnr integer
---@param on_items fun(items: lsp.InlineCompletionItem[])
function M.request_alternatives(client, bufnr, on_items)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 1 } -- invoked
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  client:request("textDocument/inlineCompletion", params, function(err, result)
    local items = not err and result and (result.items or result) or {}
    if items[1] and M.is_inserting(bufnr) and vim.api.nvim_buf_get_changedtick(bufnr) == tick then
      on_items(items)
    end
  end, bufnr)
end

--- Show another ghost text in the place of the one shown.
---@param step integer 1 for the next one, -1 for the previous one.
---@return boolean shown False if none is shown.
function M.alternative(step)
  return renderer().alternative(vim.api.nvim_get_current_buf(), step)
end

--- Hide the ghost text.
---@return boolean dismissed False if none is shown.
function M.dismiss()
  return renderer().accept(vim.api.nvim_get_current_buf(), function() end)
end

return M
