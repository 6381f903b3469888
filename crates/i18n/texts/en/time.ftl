### Times. src/date.rs puts together what is digits only (16:41).

time-today = today, { $time }
time-yesterday = yesterday, { $time }
time-tomorrow = tomorrow, { $time }
time-date-and-time = { $date }, { $time }
# Fri 20 Nov, 16:41
time-weekday-date-and-time = { $weekday } { $date }, { $time }

time-days-ago = { $count ->
    [0] today
    [one] yesterday
   *[other] { $count } days ago
}
time-days-short = { $days } d

# 1 = Monday
time-weekday-short = { $weekday ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[other] Sun
}

time-month-short = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[other] Dec
}
