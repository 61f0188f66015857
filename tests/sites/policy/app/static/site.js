window.file = true;
