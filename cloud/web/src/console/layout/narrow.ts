// Whether the window is too narrow for columns that repeat what the row's own page says.
import { ref } from 'vue'

const query = matchMedia('(max-width: 1200px)')
export const narrow = ref(query.matches)
query.addEventListener('change', ({ matches }) => { narrow.value = matches })
