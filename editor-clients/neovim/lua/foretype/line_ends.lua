--- The characters that end a line for the server but not for Neovim: carriage returns within a line.

local M = {}

---@return string format The 'fileformat' of an open document.
local function format_of(uri)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.uri_from_bufnr(bufnr) == uri then
      return vim.bo[bufnr].fileformat
    end
  end
  return "unix"
end

--- Return text with a space, which is as long, for each carriage return that ends no line of the document.
---@param text string
---@param uri string
---@return string
local function without_returns(text, uri)
  local format = text:find("\r", 1, true) and format_of(uri) or "none"
  if format == "unix" then
    return (text:gsub("\r", " "))
  elseif format ~= "dos" then
    return text
  end
  local lines = vim.tbl_map(function(line)
    return (line:gsub("\r", " "))
  end, vim.split(text, "\r\n", { plain = true }))
  return table.concat(lines, "\r\n")
end

--- Return the parameters of a notification, with the lines that the buffer has.
---@param method string
---@param params table? Is not changed: Neovim may send it to other servers, too.
---@return table?
function M.correct(method, params)
  local document = params and params.textDocument
  local function corrected(one)
    return vim.tbl_extend("force", one, { text = without_returns(one.text, document.uri) })
  end
  if method == "textDocument/didOpen" then
    return vim.tbl_extend("force", params, { textDocument = corrected(document) })
  elseif method == "textDocument/didChange" then
    return vim.tbl_extend("force", params, { contentChanges = vim.tbl_map(corrected, params.contentChanges) })
  end
  return params
end

return M
