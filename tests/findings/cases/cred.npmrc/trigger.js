require("fs").readFileSync(process.env.HOME + "/.npmrc")
