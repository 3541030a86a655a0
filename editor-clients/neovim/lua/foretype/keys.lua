--- The insert mode keys. If no ghost text is shown, each falls through to the user's mapping or Vim's default.

local config = require("foretype.config")
local inline = require("foretype.inline")

local M = {}

---@param part "all"|"word"|"line"
local function accept_part(part)
  return function()
    return inline.accept(part)
  end
end

---@param step integer
local function alternative(step)
  return function()
    return inline.alternative(step)
  end
end

local ACTIONS = {
  accept = { accept_part("all"), "Foretype: accept the ghost text" },
  accept_word = { accept_part("word"), "Foretype: accept a word of the ghost text" },
  accept_line = { accept_part("line"), "Foretype: accept a line of the ghost text" },
  next = { alternative(1), "Foretype: show the next alternative to the ghost text" },
  previous = { alternative(-1), "Foretype: show the previous alternative to the ghost text" },
  dismiss = { inline.dismiss, "Foretype: hide the ghost text" },
}

--- The buffer-local mappings of the user that the plugin's keys replace, by buffer and key; false for no mapping.
---@type table<integer, table<string, table|false>>
local replaced = {}

local function feed(keys, remap)
  -- Before the typeahead, like the right-hand side of a mapping.
  vim.api.nvim_feedkeys(keys, (remap and "m" or "n") .. "i", false)
end

--- Return the key's global mapping, or nil.
local function global_mapping(key)
  local raw = vim.keycode(key)
  for _, mapping in ipairs(vim.api.nvim_get_keymap("i")) do
    if vim.keycode(mapping.lhs) == raw then
      return mapping
    end
  end
end

---@return string keys The keys that the mapping produces; "" if its callback did the work.
local function run(mapping)
  if mapping.callback then
    local result = mapping.callback()
    local is_keys = mapping.expr == 1 and type(result) == "string"
    return is_keys and (mapping.replace_keycodes == 1 and vim.keycode(result) or result) or ""
  end
  local keys = mapping.rhs:gsub("<SID>", ("<SNR>%d_"):format(mapping.sid))
  if mapping.expr == 1 then
    local result = vim.api.nvim_eval(keys)
    return mapping.replace_keycodes == 1 and vim.keycode(result) or result
  end
  return vim.keycode(keys)
end

--- Do the key's action without this plugin.
local function fall_through(bufnr, key)
  local raw = vim.keycode(key)
  local mapping = (replaced[bufnr] or {})[key] or global_mapping(key)
  if not mapping then
    feed(raw, false)
    return
  end
  local keys = run(mapping)
  local remap = mapping.noremap == 0
  if remap and vim.startswith(keys, raw) then -- feed the key itself without remapping, to avoid endless recursion
    feed(keys:sub(#raw + 1), true)
    feed(raw, false)
  else
    feed(keys, remap)
  end
end

---@param bufnr integer
function M.attach(bufnr)
  if replaced[bufnr] then
    return
  end
  replaced[bufnr] = {}
  for name, key in pairs(config.current.keys or {}) do
    if key then
      local act, description = unpack(ACTIONS[name])
      local found = vim.api.nvim_buf_call(bufnr, function()
        return vim.fn.maparg(key, "i", false, true)
      end)
      replaced[bufnr][key] = found.buffer == 1 and found or false
      vim.keymap.set("i", key, function()
        if not act() then
          fall_through(bufnr, key)
        end
      end, { buffer = bufnr, desc = description })
    end
  end
end

---@param bufnr integer
function M.detach(bufnr)
  local mappings = replaced[bufnr]
  replaced[bufnr] = nil
  if not mappings or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  vim.api.nvim_buf_call(bufnr, function()
    for key, mapping in pairs(mappings) do
      pcall(vim.keymap.del, "i", key, { buffer = bufnr })
      if mapping then
        vim.fn.mapset("i", false, mapping)
      end
    end
  end)
end

return M
