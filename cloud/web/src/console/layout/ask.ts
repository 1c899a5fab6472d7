// Questions before something that cannot be undone, and a short word afterwards that it was done.
import { ElMessage, ElMessageBox } from 'element-plus'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import { i18n } from './language'

const { t } = i18n.global

/** True when the reader agrees. `yes` is what happens then, as a verb. */
export async function ask(text: string, yes: string, danger = false): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, '', {
      confirmButtonText: yes, cancelButtonText: t('act.cancel'), confirmButtonClass: danger ? 'el-button--danger' : '', autofocus: !danger, closeOnClickModal: false,
    })
    return true
  } catch {
    return false
  }
}

export function tell(text: string): void {
  ElMessage({ message: text, type: 'success', duration: 3000, grouping: true })
}

export function warn(text: string): void {
  ElMessage({ message: text, type: 'error', duration: 8000, showClose: true, grouping: true })
}
