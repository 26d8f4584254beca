git init -q .
git config user.email a@b.example
git config user.name a
echo x >file
git add file
git commit -q -m "add file"
git log --oneline
