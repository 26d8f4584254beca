git push origin main || true
