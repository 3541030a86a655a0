-- Foretype starts by itself: installed is enabled. `require("foretype").setup` changes what it does.
if vim.g.loaded_foretype then
  return
end
vim.g.loaded_foretype = true

if vim.fn.has("nvim-0.11") == 0 then
  local text = "Foretype needs Neovim 0.11 or later; this one is older. Remove the plugin, or update Neovim."
  vim.api.nvim_echo({ { text, "WarningMsg" } }, true, {})
  return
end

vim.api.nvim_create_user_command("Foretype", function(command)
  require("foretype.commands").run(command)
end, {
  nargs = "+",
  bang = true,
  desc = "Foretype: status, explain, forget, enable, disable, restart, log",
  complete = function(lead, line)
    return require("foretype.commands").complete(lead, line)
  end,
})

-- Not before the rest of the configuration has had its say, wherever in it `setup` is called.
vim.schedule(function()
  require("foretype").start()
end)
