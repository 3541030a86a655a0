--- Messages to the user: one line, with the plugin's name.

local M = {}

---@param text string
function M.warn(text)
  vim.notify("Foretype: " .. text, vim.log.levels.WARN)
end

---@param text string
function M.info(text)
  vim.notify("Foretype: " .. text, vim.log.levels.INFO)
end

return M
