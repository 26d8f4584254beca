rm ~/notes/history
