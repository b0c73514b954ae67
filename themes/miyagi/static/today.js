// Marks today in the calendar of a month, by the reader's clock: a page that was built some days ago must not say which day is today.
{
  const zone = document.querySelector(".calendar").dataset.zone;
  const today = new Intl.DateTimeFormat("sv", { timeZone: zone }).format(); // Swedish dates are ISO 8601
  document.querySelector(`[data-day="${today}"]`)?.setAttribute("aria-current", "date");
}
