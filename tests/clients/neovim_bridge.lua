-- Run the test's Lua code in this Neovim. Each request is a line of JSON with the code and its arguments; the answer is
-- a line of JSON with the code's result or error.
local path = vim.env.FORETYPE_TEST_SOCKET
local listening = assert(vim.uv.new_pipe())
assert(listening:bind(path))

local function run(line)
  local request = vim.json.decode(line)
  local code, problem = load(request.lua)
  if not code then
    return { ok = false, error = problem }
  end
  local ok, result = pcall(code, unpack(request.arguments))
  return { ok = ok, result = result, error = not ok and tostring(result) or nil }
end

listening:listen(1, function()
  local connection = assert(vim.uv.new_pipe())
  listening:accept(connection)
  local pending = ""
  connection:read_start(function(_, data)
    pending = pending .. (data or "")
    for line in pending:gmatch("([^\n]*)\n") do
      vim.schedule(function()
        connection:write(vim.json.encode(run(line)) .. "\n")
      end)
    end
    pending = pending:match("[^\n]*$")
  end)
end)
