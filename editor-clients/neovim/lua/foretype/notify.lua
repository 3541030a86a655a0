--- Messages to the user: one line, with the plugin's name.

local M = {}

--- Return whether Neovim shows the messages itself, on one line. After a longer one it waits for a key, and takes that
--- from the text.
local function is_builtin()
  local source = debug.getinfo(vim.notify, "S").source
  return source == "?" or source:find("vim/_", 1, true) ~= nil -- compiled in 0.12, a file in 0.11
end

--- Return the start of a message that is longer than the line for it, and log all of it.
local function fit(message)
  if not is_builtin() or vim.fn.strdisplaywidth(message) <= vim.v.echospace then
    return message
  end
  vim.lsp.log.warn(message)
  return vim.fn.printf("%.*S", vim.v.echospace - 1, message) .. "…"
end

local function show(text, level)
  vim.notify(fit("Foretype: " .. text:gsub("%s+", " ")), level)
end

---@param text string
function M.warn(text)
  show(text, vim.log.levels.WARN)
end

---@param text string
function M.info(text)
  show(text, vim.log.levels.INFO)
end

return M
