--- Ghost text: what is common to Neovim's own (0.12) and ours. What is taken is put in as if it were pasted, which
--- is one undo step and what |.| repeats.

local config = require("foretype.config")

local M = {}

---@class foretype.Ghost
---@field text string What is left of it after the cursor.
---@field client_id integer
---@field command? lsp.Command What the server wants to be told once it was taken.

---@class foretype.Shower
---@field attach fun(client: vim.lsp.Client, bufnr: integer)
---@field detach fun(client: vim.lsp.Client, bufnr: integer)
---@field take fun(bufnr: integer, use: fun(ghost: foretype.Ghost)): boolean Hides it, and hands it to `use`.

--- Whether somebody is writing in the buffer.
---@param bufnr integer
---@return boolean
function M.is_inserting(bufnr)
  return vim.api.nvim_get_current_buf() == bufnr and vim.api.nvim_get_mode().mode:sub(1, 1) == "i"
end

---@return foretype.Shower
local function shower()
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

--- Tells the server how much of its text was taken.
local function tell(ghost, text)
  local client = vim.lsp.get_client_by_id(ghost.client_id)
  if client and ghost.command then
    local command = vim.deepcopy(ghost.command)
    command.arguments[1].characters = vim.str_utfindex(text, "utf-32")
    client:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

function M.attach(client, bufnr)
  shower().attach(client, bufnr)
end

function M.detach(client, bufnr)
  shower().detach(client, bufnr)
end

--- Takes the ghost text at the cursor, or its next word or line.
---@param part "all"|"word"|"line"
---@return boolean taken False where none is shown.
function M.accept(part)
  return shower().take(vim.api.nvim_get_current_buf(), function(ghost)
    local text = PARTS[part](ghost.text)
    vim.api.nvim_paste(text, false, -1)
    tell(ghost, text)
  end)
end

--- Hides the ghost text.
---@return boolean dismissed False where none is shown.
function M.dismiss()
  return shower().take(vim.api.nvim_get_current_buf(), function() end)
end

return M
