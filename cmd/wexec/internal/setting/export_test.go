package setting

var Flags = flags
