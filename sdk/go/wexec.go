package wexec
