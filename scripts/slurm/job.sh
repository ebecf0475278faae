# Sourced by the batch scripts: runs a command, passes Slurm's signals on to it, and has the job requeued when
# the command saved and stopped (exit 75), unless that was for SIGTERM: a job that was cancelled stays away, and
# one that makes way for others is requeued by Slurm. Jobs may start more than once: every command here can be repeated.
run_or_requeue() {
    local signalled=0 cancelled=0 pid rc me=$SLURM_JOB_ID
    echo "$(date '+%F %T') on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1)): $*"
    trap 'signalled=1; kill -USR1 "$pid" 2>/dev/null' USR1
    trap 'signalled=1 cancelled=1; kill -TERM "$pid" 2>/dev/null' TERM
    "$@" &
    pid=$!
    while :; do # a trapped signal ends "wait" before the command has ended: wait again
        signalled=0
        wait "$pid"
        rc=$?
        [ $signalled = 1 ] && [ $rc -gt 128 ] && kill -0 "$pid" 2>/dev/null || break
    done
    echo "$(date '+%F %T') exit status $rc"
    [ $rc = 75 ] && [ $cancelled = 0 ] || return $rc
    # SLURM_JOB_ID of one array task is the id of the whole array, and would requeue every task
    [ -n "${SLURM_ARRAY_JOB_ID:-}" ] && me=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
    trap 'exit 0' TERM
    scontrol requeue "$me" || return 75
    sleep 300 & # Slurm ends this job to start it anew
    wait $!
    return 75
}
