require("fs").readFileSync(process.env.HOME + "/notes/npmrc")
