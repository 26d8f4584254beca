mkdir -p .vscode; echo "{}" >.vscode/settings.json
