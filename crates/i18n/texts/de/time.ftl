### Zeitangaben. Was nur Ziffern ist (20.11.2025, 16:41), setzt src/date.rs zusammen.

time-today = heute, { $time }
time-yesterday = gestern, { $time }
time-tomorrow = morgen, { $time }
time-date-and-time = { $date }, { $time }
# Fr., 20.11., 16:41
time-weekday-date-and-time = { $weekday }, { $date }, { $time }

time-days-ago = { $count ->
    [0] heute
    [one] gestern
   *[other] vor { $count } Tagen
}
time-days-short = { $days } Tg.

# 1 = Montag
time-weekday-short = { $weekday ->
    [1] Mo.
    [2] Di.
    [3] Mi.
    [4] Do.
    [5] Fr.
    [6] Sa.
   *[other] So.
}

time-month-short = { $month ->
    [1] Jan.
    [2] Feb.
    [3] März
    [4] Apr.
    [5] Mai
    [6] Juni
    [7] Juli
    [8] Aug.
    [9] Sept.
    [10] Okt.
    [11] Nov.
   *[other] Dez.
}
