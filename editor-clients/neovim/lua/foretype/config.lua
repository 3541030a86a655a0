--- The options of setup() and their defaults.

local M = {}

---@class foretype.Keys
---@field accept string|false Accept all of the ghost text.
---@field accept_word string|false Accept its next word.
---@field accept_line string|false Accept its next line.
---@field next string|false Show the next alternative to it.
---@field previous string|false Show the previous alternative.
---@field dismiss string|false Hide it until the next change.

---@class foretype.Config
---@field cmd string[] The command that starts the server.
---@field settings table The server's settings, the section `foretype`; see |foretype-settings|.
---@field keys foretype.Keys|false Insert mode keys; false for no keys.
---@field inline { enable: boolean, builtin: boolean, debounce: integer } Ghost text; debounce in milliseconds.
---@field menu { enable: boolean, autotrigger: boolean } The completion menu.

--- Return the program: its path if `foretype setup` installed this plugin, else its name on the PATH.
local function program()
  local installed, path = pcall(require, "foretype.installed")
  return installed and path or "foretype"
end

---@return foretype.Config
local function defaults()
  return {
    cmd = { program(), "serve" },
    settings = { smartSpace = true },
    keys = {
      accept = "<Tab>",
      accept_word = "<C-Right>",
      accept_line = "<C-End>",
      next = "<C-Down>",
      previous = "<C-Up>",
      dismiss = "<C-]>",
    },
    inline = { enable = true, builtin = false, debounce = 20 },
    menu = { enable = true, autotrigger = false },
  }
end

M.current = defaults()

local function is_key(key)
  return key == false or type(key) == "string"
end

local function check(config)
  vim.validate("cmd", config.cmd, function(cmd)
    return vim.islist(cmd) and type(cmd[1]) == "string"
  end, 'a list, such as { "foretype", "serve" }')
  vim.validate("settings", config.settings, "table")
  for name, key in pairs(config.keys or {}) do
    vim.validate("keys." .. name, key, is_key, "a key, or false")
  end
  for name, kind in pairs({ enable = "boolean", builtin = "boolean", debounce = "number" }) do
    vim.validate("inline." .. name, config.inline[name], kind)
  end
  for name in pairs({ enable = true, autotrigger = true }) do
    vim.validate("menu." .. name, config.menu[name], "boolean")
  end
end

--- Return the unknown options with their groups: a misspelt option would otherwise be ignored silently.
local function find_unknown(options, known, prefix)
  local found = {}
  for name, value in pairs(options) do
    local path = prefix .. name
    if known[name] == nil then
      found[#found + 1] = path
    elseif type(value) == "table" and path ~= "settings" and path ~= "cmd" then
      vim.list_extend(found, find_unknown(value, known[name], path .. "."))
    end
  end
  return found
end

--- Set the options. Raises an error of one line if they are invalid.
---@param options table?
function M.set(options)
  options = options or {}
  vim.validate("options", options, "table")
  local config = vim.tbl_deep_extend("force", defaults(), options)
  local unknown = find_unknown(options, defaults(), "")
  if unknown[1] then
    error(("there is no option %s; :help foretype-setup lists all options"):format(table.concat(unknown, ", ")), 0)
  end
  check(config)
  if config.inline.builtin and not vim.lsp.inline_completion then
    error("inline.builtin needs Neovim 0.12", 0)
  end
  M.current = config
end

return M
