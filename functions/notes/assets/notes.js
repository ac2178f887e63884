// What makes the pages of notes handier: times as the reader's clock shows them, and a button that copies a link. They
// work without it.
'use strict';

for (const time of document.querySelectorAll('time[datetime]')) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const words = new Intl.DateTimeFormat(document.documentElement.lang, {
    day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    timeZoneName: 'short',
  });
  time.title = time.textContent;
  time.textContent = words.format(at);
}

for (const button of document.querySelectorAll('button[data-copies]')) {
  const field = document.getElementById(button.dataset.copies);
  const told = document.getElementById(button.getAttribute('aria-describedby'));
  const copied = () => {
    told.textContent = 'Copied.';
  };
  const byHand = () => {
    field.select();
    if (document.execCommand('copy')) copied();
    else told.textContent = 'It is marked: copy it with your keyboard or the menu.';
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    told.textContent = '';
    if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(copied, byHand);
    else byHand();
  });
}
