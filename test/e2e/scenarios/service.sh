# shellcheck shell=bash
# One service through its whole life.
check "the daemon starts" start_warren
check "an image loads from an archive" warren image load "$MACHINE/web.tar"
image_listed() { grep -q 'web:demo' <<<"$(warren image list)"; }
check "the image is listed" image_listed

create() { warren service create web --image web:demo --replicas 2 --publish 8088:80 --stop-timeout 1s; }
check "a service is created and waited for" create
check "both replicas are up" has_replicas web 2/2

whoami() { in_machine curl -fsS --max-time 2 http://127.0.0.1:8088/cgi-bin/whoami; }
both_answer() { equal "$(for _ in 1 2 3 4 5 6; do whoami; done | sort -u | wc -l)" 2; }
check "each replica answers behind the published port" eventually 10 both_answer
page() { in_machine curl -fsS --max-time 2 http://127.0.0.1:8088/ | grep -q 'Hello from Warren'; }
# A container's standard error comes out as standard error.
logs_have() { grep -q "$1" <<<"$(warren service logs web 2>&1)"; }
check "the page is served" page
check "its requests are in the logs" eventually 5 logs_have 'response:200'
exec_code() { local code=0; warren service exec web -- sh -c 'exit 7' || code=$?; equal "$code" 7; }
check "the exit code of exec is the command's" exec_code
exec_output() { equal "$(warren service exec web -- echo hello)" hello; }
check "the output of exec is the command's" exec_output

check "it scales up" warren service scale web --replicas 4
check "four run" has_replicas web 4/4
check "it scales to nothing" warren service scale web --replicas 0
check "nothing of a task is left" eventually 15 nothing_left
check "and up again" warren service scale web --replicas 1

check "the new replica serves" eventually 5 page
check "and logs" eventually 5 logs_have 'response:200'
pid_before=$(running_containers | head -1)
kill_processes warren
check "after kill -9 the daemon resumes" start_warren
same_container() { equal "$(running_containers)" "$pid_before"; }
check "with the container it had" same_container
check "logs from before are still there" logs_have 'response:200'

check "it is deleted" warren service delete web
check "nothing of it is left" eventually 15 nothing_left
