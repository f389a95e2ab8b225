# For the scripts that read it, which have set $atmc. In the files said and log is what it printed.
# refuse CODE MESSAGE COMMAND OPTION...: it ends with that code, one error, which holds the message, and no output.
refuse() {
  wanted=$1 message=$2 code=0
  shift 2
  "$atmc" "$@" >said 2>log || code=$?
  if [ $code != "$wanted" ] || [ -s said ] || [ "$(grep -c 'error: ' log)" != 1 ] || ! grep -qF -e "$message" log; then
    echo "$*: exit code $code, not $wanted with the one error \"$message\":"
    cat said log
    exit 1
  fi
}
