--- Keys of insert mode. Where no ghost text is shown, each does what it did before.

local config = require("foretype.config")
local inline = require("foretype.inline")

local M = {}

---@param part "all"|"word"|"line"
local function accepting(part)
  return function()
    return inline.accept(part)
  end
end

local ACTIONS = {
  accept = { accepting("all"), "Foretype: take the ghost text" },
  accept_word = { accepting("word"), "Foretype: take a word of the ghost text" },
  accept_line = { accepting("line"), "Foretype: take a line of the ghost text" },
  dismiss = { inline.dismiss, "Foretype: hide the ghost text" },
}

--- The buffer's own mappings that ours stand in front of, by buffer and key; false for none.
---@type table<integer, table<string, table|false>>
local before = {}

local function feed(keys, remap)
  -- In front of what is typed ahead, as a mapping's right-hand side would be.
  vim.api.nvim_feedkeys(keys, (remap and "m" or "n") .. "i", false)
end

--- The mapping that the key has in all buffers.
local function global(key)
  local raw = vim.keycode(key)
  for _, mapping in ipairs(vim.api.nvim_get_keymap("i")) do
    if vim.keycode(mapping.lhs) == raw then
      return mapping
    end
  end
end

---@return string keys What the mapping says to type, "" if it did its work itself.
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

--- What the key would do without us.
local function fall_through(bufnr, key)
  local raw = vim.keycode(key)
  local mapping = (before[bufnr] or {})[key] or global(key)
  if not mapping then
    feed(raw, false)
    return
  end
  local keys = run(mapping)
  local remap = mapping.noremap == 0
  if remap and vim.startswith(keys, raw) then -- which isn't mapped again: it would come back to us, for ever
    feed(keys:sub(#raw + 1), true)
    feed(raw, false)
  else
    feed(keys, remap)
  end
end

---@param bufnr integer
function M.attach(bufnr)
  if before[bufnr] then
    return
  end
  before[bufnr] = {}
  for name, key in pairs(config.current.keys or {}) do
    if key then
      local act, description = unpack(ACTIONS[name])
      local found = vim.api.nvim_buf_call(bufnr, function()
        return vim.fn.maparg(key, "i", false, true)
      end)
      before[bufnr][key] = found.buffer == 1 and found or false
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
  local mine = before[bufnr]
  before[bufnr] = nil
  if not mine or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  vim.api.nvim_buf_call(bufnr, function()
    for key, mapping in pairs(mine) do
      pcall(vim.keymap.del, "i", key, { buffer = bufnr })
      if mapping then
        vim.fn.mapset("i", false, mapping)
      end
    end
  end)
end

return M
